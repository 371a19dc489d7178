/** What a role may do in the room: the same table as `conference/policy.py`. The server decides; this only hides buttons. */

import type { Role } from '../protocol';

export type RoomAction =
  | 'run'
  | 'seat'
  | 'show'
  | 'draw'
  | 'point'
  | 'opine'
  | 'draft'
  | 'attest'
  | 'sign'
  | 'raise-hand'
  | 'follow'
  | 'speak';

const ROLES: Readonly<Record<RoomAction, readonly Role[]>> = {
  run: ['chair', 'coordinator'],
  seat: ['chair', 'coordinator'],
  show: ['chair', 'coordinator', 'presenter'],
  draw: ['chair', 'presenter', 'member'],
  point: ['chair', 'coordinator', 'presenter', 'member', 'guest'],
  opine: ['chair', 'presenter', 'member'],
  draft: ['chair', 'coordinator', 'presenter', 'member'],
  attest: ['chair', 'presenter', 'member'],
  sign: ['chair'],
  'raise-hand': ['chair', 'coordinator', 'presenter', 'member', 'guest'],
  follow: ['chair', 'coordinator', 'presenter', 'member', 'guest', 'observer'],
  speak: ['chair', 'coordinator', 'presenter', 'member', 'guest'],
};

/** Whether somebody in this role is offered the action. */
export function may(role: Role | null, action: RoomAction): boolean {
  return role !== null && ROLES[action].includes(role);
}
