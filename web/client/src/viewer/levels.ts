/** The numbered vertebrae of a case, laid over every image of the same frame of reference. */
import { svg, type SVGTemplateResult } from 'lit';
import { distance, planeOf, toImage, type Vector } from './planes';
import type { FrameFacts, Point, SeriesFacts } from './types';

export interface Level {
  readonly vertebra: string;
  /** Patient coordinates, mm. */
  readonly at: Vector;
  /** Marked by a person; otherwise interpolated. */
  readonly marked: boolean;
}

export interface Levels {
  readonly frame_of_reference: string | null;
  readonly accepted: boolean;
  readonly labels: readonly Level[];
}

export interface LevelOn {
  readonly name: string;
  readonly point: Point;
}

/** An image that shows a section across the spine names the vertebra it lies nearest to, and no further than this, mm. */
const ACROSS = 20;
/** An image along the spine names vertebrae no further from it than this, mm. */
const ALONG = 60;

/** The names to write on a frame; none where it lies in another frame of reference. A question mark: not accepted. */
export function levelsOn(levels: Levels, series: SeriesFacts, frame: FrameFacts): LevelOn[] {
  const plane = planeOf(series, frame);
  if (plane === null || !series.frame_of_reference || series.frame_of_reference !== levels.frame_of_reference)
    return [];
  const along = Math.abs(plane.normal[2]) < 0.7;
  const near = levels.labels
    .map((label) => ({ label, away: Math.abs(distance(plane, label.at)) }))
    .filter(({ away }) => away <= (along ? ALONG : ACROSS))
    .sort((one, other) => one.away - other.away);
  const shown = along ? near : near.slice(0, 1);
  return shown.map(({ label }) => ({
    name: levels.accepted ? label.vertebra : `${label.vertebra}?`,
    point: toImage(plane, label.at),
  }));
}

/** What the server says of a case's levels; none where it cannot be had. */
export async function fetchLevels(caseId: string): Promise<Levels | null> {
  const answer = await fetch(`/cases/${encodeURIComponent(caseId)}/levels.json`);
  return answer.ok ? ((await answer.json()) as Levels) : null;
}

export function drawLevels(levels: readonly LevelOn[], place: (point: Point) => Point): SVGTemplateResult[] {
  return levels.map(({ name, point }) => {
    const [x, y] = place(point);
    return svg`<g class="viewer-level"><circle cx=${x} cy=${y} r="3" fill="#ffd54a" stroke="#000"></circle>
      <text x=${x + 8} y=${y + 4} fill="#ffd54a" stroke="#000" stroke-width="3" paint-order="stroke"
        font-size="13">${name}</text></g>`;
  });
}
