/** What of a line being drawn is passed on. */

import type { Draft } from '../viewer';

const DRAFT_POINTS = 512;

/** A relayed draft carries at most as many points as the protocol takes. */
export function thinned(draft: Draft): Draft {
  const step = Math.ceil(draft.points.length / DRAFT_POINTS);
  return step <= 1 ? draft : { ...draft, points: draft.points.filter((_point, index) => index % step === 0) };
}
