/** What keys and buttons do to the viewer as a whole; what concerns one pane is in actions.ts. */
import { perform } from './actions';
import type { Cine } from './cine';
import type { Cutting } from './cutting';
import type { Grid } from './grid';
import type { Action } from './keys';
import { fillers, priorOf, roomFor, stepped, type LayoutName } from './layouts';
import { sayWhyNoCuts } from './menus';
import type { Pane } from './pane';
import { storedSeries } from './reformats';
import { all, find, opening } from './studies';
import type { StudyListed, ToolName } from './types';

/** The viewer as commands see it. */
export interface Commanded {
  readonly grid: Grid;
  readonly cine: Cine;
  readonly cutting: Cutting;
  readonly studies: () => readonly StudyListed[];
  readonly element: HTMLElement;
  readonly choose: (tool: ToolName) => void;
  /** What concerns marks: erasing, and taking back. */
  readonly marking: (name: Action['do']) => void;
  /** A person moved away from what is shown to all. */
  readonly left: () => void;
}

export function command(viewer: Commanded, action: Action): void {
  const { grid } = viewer;
  const pane = grid.active;
  switch (action.do) {
    case 'tool':
      grid.cancel();
      viewer.choose(action.tool);
      break;
    case 'series':
      neighbour(viewer, action.step);
      break;
    case 'layout':
      arrange(viewer, stepped(grid.layout, action.step));
      break;
    case 'arrange':
      arrange(viewer, action.layout);
      break;
    case 'speed':
      viewer.cine.change(action.factor);
      break;
    case 'cut':
      viewer.cutting.cut(pane, action.plane);
      break;
    case 'slab':
      viewer.cutting.slab(pane, action.thickness, action.projection);
      break;
    default:
      if (!perform(pane, action)) plain(viewer, action.do, pane);
  }
}

function plain(viewer: Commanded, name: Action['do'], pane: Pane): void {
  const { grid, element } = viewer;
  if (name === 'cine') viewer.cine.toggle();
  if (name === 'help') element.querySelector<HTMLDialogElement>('.viewer-help')?.showModal();
  if (name === 'screen') fill(element);
  if (name === 'cancel') cancel(viewer);
  if (name === 'key') element.dispatchEvent(new CustomEvent('keyimage', { bubbles: true }));
  viewer.marking(name);
  if (name === 'compare') compare(viewer);
  if (name === 'reformat' && !viewer.cutting.all(pane)) sayWhyNoCuts(element);
  if (name === 'link') {
    grid.linking.on = !grid.linking.on;
    grid.linking.restart();
    viewer.left();
  }
  if (name === 'lines') {
    grid.lines = !grid.lines;
    grid.drawAll();
  }
}

/** Another number of panes; new ones show what is best compared with the rest. */
function arrange(viewer: Commanded, name: LayoutName): void {
  const { grid } = viewer;
  const studies = viewer.studies();
  grid.arrange(name);
  const empty = grid.shown.filter(({ series }) => series === null);
  const open = [grid.active, ...grid.shown].map(({ series }) => (series === null ? null : storedSeries(series)));
  fillers(studies, open, empty.length).forEach((series, at) => {
    const listed = find(studies, series)?.series;
    grid.quietly(() => empty[at]!.open(series, { index: listed === undefined ? 0 : opening(listed) }));
  });
  viewer.left();
}

/** Open a series in a pane, and work there. */
export function openSeries(viewer: Commanded, at: number, series: string): void {
  const listed = find(viewer.studies(), series)?.series;
  const { grid } = viewer;
  grid.activate(at);
  grid.panes[at]?.open(series, { index: listed === undefined ? 0 : opening(listed) });
  viewer.left();
}

/** Lay the earlier study of what is shown beside it. */
function compare(viewer: Commanded): void {
  const { grid } = viewer;
  const series = grid.active.series;
  const prior = series === null ? null : priorOf(viewer.studies(), storedSeries(series));
  if (prior === null) return;
  if (grid.count < 2) arrange(viewer, roomFor(2));
  const known = grid.shown.find((pane) => pane.series === prior);
  if (known !== undefined) return;
  const beside = grid.at + 1 < grid.count ? grid.at + 1 : grid.at - 1;
  const listed = find(viewer.studies(), prior)?.series;
  grid.quietly(() => grid.panes[beside]?.open(prior, { index: listed === undefined ? 0 : opening(listed) }));
  viewer.left();
}

/** The series before or after in the strip; nothing at its ends. */
function neighbour(viewer: Commanded, step: number): void {
  const { grid } = viewer;
  const listed = all(viewer.studies()).map(({ series }) => series.series_instance_uid);
  const next = listed[listed.indexOf(storedSeries(grid.active.series ?? '')) + step];
  if (next !== undefined) openSeries(viewer, grid.at, next);
}

function cancel(viewer: Commanded): void {
  const open = viewer.element.querySelectorAll('details[open]');
  for (const menu of open) menu.removeAttribute('open');
  if (open.length === 0) viewer.grid.cancel();
}

function fill(element: HTMLElement): void {
  void (document.fullscreenElement === null ? element.requestFullscreen() : document.exitFullscreen());
}
