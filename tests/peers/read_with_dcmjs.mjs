// Reads a measurement report with dcmjs and its Cornerstone adapter, and prints what lands on which image as JSON.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [client, file] = process.argv.slice(2);
const dcmjs = createRequire(`${client}/package.json`)('dcmjs');
console.log = () => {}; // the adapter tells the console what it finds

const bytes = readFileSync(file);
const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
const message = dcmjs.data.DicomMessage.readFile(buffer);
const dataset = dcmjs.data.DicomMetaDictionary.naturalizeDataset(message.dict);
const { MeasurementReport } = dcmjs.adapters.Cornerstone;
// the older adapter of dcmjs asks whether a group is its own by the tool's name alone; the newer ones accept ours
const named = (group) =>
  [group.ContentSequence].flat().find((item) => item.ConceptNameCodeSequence[0]?.CodeMeaning === 'Tracking Identifier')
    ?.TextValue;
const getToolClass = (group, _dataset, tools) => tools.find((tool) => named(group)?.endsWith(`:${tool.toolType}`));
const found = MeasurementReport.generateToolState(dataset, { getToolClass });
const shown = Object.entries(found).flatMap(([tool, list]) => list.map((one) => ({ tool, ...one })));
process.stdout.write(JSON.stringify(shown));
