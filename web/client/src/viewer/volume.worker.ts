/** Holds the voxels of one volume and cuts it, away from the page, so that scrolling stays smooth. */
import { reslice, type Cut, type Slab, type VolumeShape } from './volume';

export type VolumeOrder =
  | { readonly do: 'open'; readonly shape: VolumeShape }
  | { readonly do: 'slice'; readonly slice: number; readonly patterns: Uint16Array }
  | { readonly do: 'cut'; readonly id: number; readonly cut: Cut; readonly index: number; readonly slab: Slab };

export interface VolumeAnswer {
  readonly id: number;
  readonly patterns: Uint16Array<ArrayBuffer>;
}

let shape: VolumeShape = { size: [0, 0, 0], signed: false };
let voxels = new Uint16Array(0);

self.onmessage = (event: MessageEvent<VolumeOrder>): void => {
  const order = event.data;
  if (order.do === 'open') {
    shape = order.shape;
    voxels = new Uint16Array(shape.size[0] * shape.size[1] * shape.size[2]);
    // What has not come yet is the lowest value, not zero: black on signed images too.
    if (shape.signed) voxels.fill(0x8000);
  } else if (order.do === 'slice') {
    voxels.set(order.patterns, order.slice * shape.size[0] * shape.size[1]);
  } else {
    const patterns = reslice(voxels, shape, order.cut, order.index, order.slab);
    self.postMessage({ id: order.id, patterns } satisfies VolumeAnswer, { transfer: [patterns.buffer] });
  }
};
