/** A stack in memory on the CPU path: `/?count=200&side=512&width=800&height=600`; `scrolled(frames)` goes through it. */
import { Enums, imageLoader, init, metaData, RenderingEngine, setUseCPURendering } from '@cornerstonejs/core';

const asked = new URLSearchParams(location.search);
const [count, side] = ['count', 'side'].map((name) => Number(asked.get(name)));
document.body.style.margin = '0';
const element = document.querySelector('#viewport');
element.style.width = `${asked.get('width')}px`;
element.style.height = `${asked.get('height')}px`;

await init();
setUseCPURendering(true);
const ids = Array.from({ length: count }, (_, at) => `memory:${at}`);
for (const [at, id] of ids.entries()) {
  const scalarData = new Uint16Array(side * side);
  for (let place = 0; place < scalarData.length; place++)
    scalarData[place] = ((place % side) + Math.floor(place / side) + 7 * at) % 1001;
  imageLoader.createAndCacheLocalImage(id, { scalarData, dimensions: [side, side], spacing: [1, 1], origin: [0, 0, at] });
}
const told = {
  generalSeriesModule: { modality: 'MR' },
  modalityLutModule: { rescaleSlope: 1, rescaleIntercept: 0 },
  voiLutModule: { windowCenter: [500], windowWidth: [1000] },
};
metaData.addProvider((type) => told[type], -1000);
const engine = new RenderingEngine('engine');
engine.enableElement({ viewportId: 'stack', type: Enums.ViewportType.STACK, element });
const viewport = engine.getViewport('stack');
await viewport.setStack(ids, count / 2);
viewport.setProperties({ voiRange: { lower: 0, upper: 1000 } });
viewport.render();

let drawn = 0;
element.addEventListener(Enums.Events.IMAGE_RENDERED, () => (drawn += 1));

/** One slice on at each frame of the screen, to the end and back; gives how many were drawn. */
globalThis.scrolled = (frames) =>
  new Promise((done) => {
    drawn = 0;
    let [at, step, left] = [viewport.getCurrentImageIdIndex(), 1, frames];
    const next = () => {
      if (left-- === 0) return done(drawn);
      if (at + step < 0 || at + step >= count) step = -step;
      at += step;
      viewport.setImageIdIndex(at);
      requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  });
globalThis.ready = true;
