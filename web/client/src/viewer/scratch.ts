/** Marks of one's own outside a room: a look at a length, kept nowhere and seen by nobody else. */
import type { MarkComplete, MarkErase, MarkMove, ViewerMark } from './types';
import type { ConsiliumViewer } from './viewer';

const ME = 'you';

export class Scratch {
  constructor(private readonly viewer: ConsiliumViewer) {
    viewer.me = ME;
    viewer.canDraw = true;
    viewer.addEventListener('markcomplete', (event) => this.add((event as CustomEvent<MarkComplete>).detail));
    viewer.addEventListener('markmove', (event) => this.move((event as CustomEvent<MarkMove>).detail));
    viewer.addEventListener('markerase', (event) => this.erase((event as CustomEvent<MarkErase>).detail));
  }

  private add(drawn: MarkComplete): void {
    const { viewer } = this;
    const author = { author: ME, author_name: 'not kept', discipline: null, role: 'member' as const };
    const state = { revision: 1, measured: null, delivery: 'delivered' as const };
    viewer.marks = [...viewer.marks, { ...drawn, ...author, ...state, case: viewer.caseId }];
  }

  private move({ mark, points, text }: MarkMove): void {
    const moved = (one: ViewerMark) => (one.mark === mark ? { ...one, points, text, revision: one.revision + 1 } : one);
    this.viewer.marks = this.viewer.marks.map(moved);
  }

  private erase({ mark }: MarkErase): void {
    this.viewer.marks = this.viewer.marks.filter((one) => one.mark !== mark);
  }
}
