/** What keys and buttons do to one pane. */
import { windowOf, type Box } from './autowindow';
import type { Action } from './keys';
import type { Pane } from './pane';
import type { Point } from './types';
import { FITTED, oneToOne, panned, zoomed } from './view';

/** Do it; false when the action is not about a single pane. */
export function perform(pane: Pane, action: Action): boolean {
  const { state } = pane;
  const { view } = state;
  switch (action.do) {
    case 'scroll':
      pane.go(pane.index + action.slices);
      return true;
    case 'edge':
      pane.go(action.last ? Infinity : 0);
      return true;
    case 'fit':
      pane.update({ view: { ...view, zoom: FITTED.zoom, pan: FITTED.pan } });
      return true;
    case 'rotate':
      pane.update({ view: { ...view, rotation: (view.rotation + action.degrees + 360) % 360 } });
      return true;
    case 'flip':
      pane.update({ view: { ...view, flipped: !view.flipped } });
      return true;
    case 'invert':
      pane.update({ inverted: !state.inverted });
      return true;
    case 'auto':
      fitWindow(pane, chosenArea(pane) ?? visible(pane));
      return true;
    case 'preset':
      choosePreset(pane, action.number);
      return true;
    default:
      return magnify(pane, action);
  }
}

function magnify(pane: Pane, action: Action): boolean {
  const { extent, size, state } = pane;
  const centre: Point = [size.width / 2, size.height / 2];
  if (action.do !== 'zoom' && action.do !== 'pan' && action.do !== 'one-to-one') return false;
  if (extent === null) return true;
  if (action.do === 'zoom') pane.update({ view: zoomed(state.view, extent, size, action.factor, centre) });
  else if (action.do === 'pan') pane.update({ view: panned(state.view, extent, size, action.by) });
  else pane.update({ view: oneToOne(state.view, extent, size) });
  return true;
}

/** Number 1 is the image's own window, which a follower with another file's default shows too. */
function choosePreset(pane: Pane, number: number): void {
  const chosen = pane.offered[number - 1];
  if (chosen === undefined) return;
  pane.update({ window: number === 1 ? null : { centre: chosen.centre, width: chosen.width } });
}

/** The whole screen for an element, or back again. */
export function fillScreen(element: Element): void {
  void (document.fullscreenElement === null ? element.requestFullscreen() : document.exitFullscreen());
}

/** The window that suits the values in a box of the image; nothing where there are none. */
export function fitWindow(pane: Pane, box: Box): void {
  const { picture, facts } = pane;
  if (picture?.kind !== 'grey' || facts === null) return;
  const window = windowOf(picture, box, facts.padding ?? null);
  if (window !== null) pane.update({ window });
}

const AREAS = new Set(['ellipse', 'rectangle', 'freehand']);

/** The box around the chosen mark, if it has an area. */
function chosenArea(pane: Pane): Box | null {
  const mark = pane.marksHere().find((one) => one.mark === pane.selected && AREAS.has(one.kind));
  return mark === undefined ? null : around(mark.points);
}

/** The part of the image that is in the pane. */
function visible(pane: Pane): Box {
  const { width, height } = pane.size;
  return around([pane.toImage([0, 0]), pane.toImage([width, height])]);
}

function around(points: readonly Point[]): Box {
  const [columns, rows] = [points.map(([column]) => column), points.map(([, row]) => row)];
  return [
    [Math.min(...columns), Math.min(...rows)],
    [Math.max(...columns), Math.max(...rows)],
  ];
}
