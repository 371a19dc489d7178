// Writes a measurement report as dcmjs does for Cornerstone: a Cobb angle and a length on one image each.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [client, file, study, series, first, second] = process.argv.slice(2);
const dcmjs = createRequire(`${client}/package.json`)('dcmjs');

const images = { one: first, two: second };
const provider = {
  get: (kind, image) =>
    ({
      generalSeriesModule: { studyInstanceUID: study, seriesInstanceUID: series },
      sopCommonModule: { sopClassUID: '1.2.840.10008.5.1.4.1.1.4', sopInstanceUID: images[image] },
      frameNumber: 1,
    })[kind],
};
const handles = (...points) => ({ start: points[0], end: points[1], start2: points[2], end2: points[3] });
const point = (x, y) => ({ x, y });
const state = {
  one: {
    CobbAngle: {
      data: [{ handles: handles(point(1.25, 2.5), point(8, 3.75), point(2, 10.5), point(9.5, 14)), rAngle: 23.4 }],
    },
  },
  two: { Length: { data: [{ handles: handles(point(1, 2), point(8, 3)), length: 6.25 }] } },
};
const report = dcmjs.adapters.Cornerstone.MeasurementReport.generateReport(state, provider);
writeFileSync(file, Buffer.from(dcmjs.data.datasetToDict(report.dataset).write()));
