/** The numbered vertebrae of a case, laid over every image of the same frame of reference. */
import { svg, type SVGTemplateResult } from 'lit';
import { distance, planeOf, toImage, type Plane, type Vector } from './planes';
import type { FrameFacts, Point, SeriesFacts } from './types';

export interface Level {
  readonly vertebra: string;
  /** Patient coordinates, mm. */
  readonly at: Vector;
  /** Marked by a person; otherwise interpolated. */
  readonly marked: boolean;
}

export type NumberingState = 'missing' | 'assumed' | 'proposed' | 'accepted' | 'contested';

export interface Levels {
  readonly frame_of_reference: string | null;
  /** `marking`: being marked at this screen, not sent yet. */
  readonly state: NumberingState | 'marking';
  /** Names that a later count gives to other bones. */
  readonly contested: readonly string[];
  /** From the head down. */
  readonly labels: readonly Level[];
}

export interface LevelOn {
  readonly name: string;
  readonly point: Point;
  readonly marked: boolean;
  /** The name is not to be relied on. */
  readonly doubt: boolean;
}

/** What a frame says of the levels: names along the spine, and words for its corner. */
export interface LevelsOn {
  readonly labels: readonly LevelOn[];
  readonly words: string;
}

/** An image that shows a section across the spine names an outermost vertebra no further from it than this, mm. */
const ACROSS = 20;
/** An image along the spine names vertebrae no further from it than this, mm. */
const ALONG = 60;
/** The part of the way from one vertebral middle to the next that is still bone, not disc. */
const BONE = 0.36;

const STANDS: Readonly<Record<Exclude<Levels['state'], 'missing'>, string>> = {
  assumed: 'numbering only assumed',
  proposed: 'numbering proposed, not accepted',
  accepted: 'numbering accepted',
  contested: 'numbering contested',
  marking: 'numbering being marked',
};

const NOTHING: LevelsOn = { labels: [], words: '' };

/** What to write on a frame; nothing where nobody has numbered, and a reason where it cannot be written. */
export function levelsOn(levels: Levels, series: SeriesFacts, frame: FrameFacts): LevelsOn {
  if (levels.state === 'missing' || levels.labels.length === 0) return NOTHING;
  const plane = planeOf(series, frame);
  if (plane === null || !series.frame_of_reference) return none('the image does not say where it lies');
  if (series.frame_of_reference !== levels.frame_of_reference) return none('another frame of reference');
  const stands = STANDS[levels.state];
  if (across(plane)) {
    const passed = passing(levels.labels, plane);
    return passed === null ? none('beyond the marked vertebrae') : { labels: [], words: `Level ${passed}, ${stands}` };
  }
  const near = levels.labels.filter((label) => Math.abs(distance(plane, label.at)) <= ALONG);
  if (near.length === 0) return none('too far from the spine');
  const doubt = (name: string) =>
    levels.state === 'contested' ? levels.contested.includes(name) : levels.state !== 'accepted';
  const labels = near.map(({ vertebra, at, marked }): LevelOn => {
    const doubtful = doubt(vertebra);
    return { name: doubtful ? `${vertebra}?` : vertebra, point: toImage(plane, at), marked, doubt: doubtful };
  });
  return { labels, words: stands.charAt(0).toUpperCase() + stands.slice(1) };
}

/** Whether an image shows a section across the spine. */
export function across(plane: Plane): boolean {
  return Math.abs(plane.normal[2]) >= 0.7;
}

/** The vertebra a section passes, or the two it passes between (`L4–L5`: the disc); null beyond them. */
export function passing(labels: readonly Level[], plane: Plane): string | null {
  const away = labels.map(({ at }) => distance(plane, at));
  for (let at = 1; at < labels.length; at += 1) {
    const [above, below] = [away[at - 1]!, away[at]!];
    if (above * below > 0) continue;
    const [upper, lower] = [labels[at - 1]!.vertebra, labels[at]!.vertebra];
    const share = above === below ? 0 : above / (above - below);
    if (share <= BONE) return upper;
    return share >= 1 - BONE ? lower : `${upper}–${lower}`;
  }
  const ends = labels.map(({ vertebra }, at) => ({ vertebra, far: Math.abs(away[at]!) }));
  const nearest = ends.reduce((one, other) => (other.far < one.far ? other : one));
  return nearest.far <= ACROSS ? nearest.vertebra : null;
}

function none(why: string): LevelsOn {
  return { labels: [], words: `No levels: ${why}` };
}

/** What the server says of a case's levels; null where it cannot be had. */
export async function fetchLevels(caseId: string): Promise<Levels | null> {
  const answer = await fetch(`/cases/${encodeURIComponent(caseId)}/levels.json`);
  return answer.ok ? ((await answer.json()) as Levels) : null;
}

/** A full dot where a person marked it, a ring where it was interpolated; dashed where the name is in doubt. */
export function drawLevels(levels: readonly LevelOn[], place: (point: Point) => Point): SVGTemplateResult[] {
  return levels.map(({ name, point, marked, doubt }) => {
    const [x, y] = place(point);
    return svg`<g class="viewer-level" data-level=${name} data-marked=${marked}>
      <circle cx=${x} cy=${y} r="4" fill="none" stroke="#000" stroke-width="4"></circle>
      <circle cx=${x} cy=${y} r="4" fill=${marked ? '#ffd54a' : 'none'} stroke="#ffd54a" stroke-width="1.5"
        stroke-dasharray=${doubt ? '2 2' : 'none'}></circle>
      <text x=${x + 9} y=${y + 4} fill="#ffd54a" stroke="#000" stroke-width="3" paint-order="stroke"
        font-size="13">${name}</text></g>`;
  });
}
