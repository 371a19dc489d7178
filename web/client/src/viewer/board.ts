/** One pane as the gestures and tools see it. */
import { fitWindow } from './actions';
import type { Board } from './gestures';
import { kept, PRESSES } from './marks';
import type { Pane } from './pane';
import { askText } from './prompt';
import { GuideLine } from './guide';
import type { RegionStage } from './region-window';
import { anchorAt, type AnchorAt } from './numbered';
import { make, TOOLS } from './tools';
import { Cursor, type CursorBoard } from './tools/cursor';
import type { ReshapeStage } from './tools/reshape';
import type { Stage, Tool } from './tools/tool';
import type {
  Draft,
  FrameFacts,
  MarkComplete,
  MarkKind,
  MarkMove,
  Point,
  PointerAt,
  ToolName,
  ViewerMark,
} from './types';

/** What the board tells the viewer. */
export interface BoardEvents {
  readonly tool: () => ToolName;
  readonly me: () => string | null;
  readonly mayDraw: () => boolean;
  readonly draft: (draft: Draft | null) => void;
  readonly complete: (mark: MarkComplete) => void;
  readonly move: (move: MarkMove) => void;
  readonly erase: (mark: ViewerMark) => void;
  readonly point: (at: PointerAt | null) => void;
  readonly anchor: (at: AnchorAt) => void;
  /** The vertebra to click next; null: nothing is being numbered. */
  readonly numbering: () => string | null;
  readonly activate: (pane: Pane) => void;
}

/** Kinds with words of their own, and whether they make no sense without. */
const WORDED: Readonly<Partial<Record<MarkKind, { required: boolean; label: string; list?: string }>>> = {
  text: { required: true, label: 'Text' },
  point: { required: false, label: 'Words at the point (may be left empty)' },
  level: { required: true, label: 'Level', list: 'viewer-levels' },
  arrow: { required: false, label: 'Words at the arrow (may be left empty)' },
};

/** Tools that take presses and draw no mark. */
const PRESSED: readonly ToolName[] = ['probe', 'pointer', 'anchor'];

export class PaneBoard implements Board {
  readonly stage: Stage & ReshapeStage & RegionStage;
  private made: { readonly name: ToolName; readonly tool: Tool } | null = null;
  private draftId: string = crypto.randomUUID();
  private readonly cursor: Cursor;
  private readonly guide: GuideLine;

  constructor(
    private readonly pane: Pane,
    private readonly events: BoardEvents,
  ) {
    this.stage = this.makeStage();
    this.cursor = new Cursor(this.cursorBoard());
    this.guide = new GuideLine(pane.root, {
      finish: () => void this.made?.tool.finish?.(),
      cancel: () => void this.cancel(),
    });
  }

  tool(): Tool {
    const wanted = this.events.tool();
    const drawn = this.drawing();
    // Somebody who may not draw still scrolls with a drawing tool in hand.
    const name = drawn && !this.mayDraw() ? 'scroll' : wanted;
    if (this.made?.name !== name) {
      this.cursor.leave();
      this.made?.tool.cancel();
      this.made?.tool.close?.();
      this.made = { name, tool: make(name, this.stage) };
    }
    return this.made.tool;
  }

  /** Cuts that are made here belong to no stored image: nothing can be marked on them. */
  private mayDraw(): boolean {
    return this.events.mayDraw() && !this.pane.reformatted;
  }

  drawing(): boolean {
    return TOOLS.find(({ name }) => name === this.events.tool())?.draws === true;
  }

  toImage(screen: Point): Point {
    return this.pane.toImage(screen);
  }

  place(point: Point): Point {
    return this.pane.toPane(point);
  }

  marks(): readonly ViewerMark[] {
    return this.pane.marksHere();
  }

  mayMove(mark: ViewerMark): boolean {
    return this.mayDraw() && mark.author === this.events.me() && mark.delivery === 'delivered';
  }

  select(mark: ViewerMark | null): void {
    this.pane.selected = mark?.mark ?? null;
    this.pane.draw();
  }

  selected(): string | null {
    return this.pane.selected;
  }

  activate(): void {
    this.events.activate(this.pane);
  }

  /** Use a key pressed on the pane itself; false: it is somebody else's. */
  key(event: KeyboardEvent): boolean {
    return event.target === this.pane.root && this.cursor.key(event);
  }

  /** Erase the chosen mark, if it is one's own. */
  erase(): void {
    const mark = this.marks().find((one) => one.mark === this.pane.selected);
    if (mark === undefined || mark.author !== this.events.me() || !this.events.mayDraw()) return;
    this.events.erase(mark);
    this.select(null);
  }

  /** Another tool was chosen: it says at once what to press. */
  chosen(): void {
    this.tool().retell?.();
  }

  /** Give up what is being drawn; tells whether anything was. */
  cancel(): boolean {
    const busy = this.made?.tool.busy === true || this.pane.own !== null;
    this.made?.tool.cancel();
    if (this.pane.own !== null) this.drafted(null);
    return busy;
  }

  private makeStage(): Stage & ReshapeStage & RegionStage {
    const { pane } = this;
    return {
      frame: () => pane.frame,
      extent: () => pane.extent,
      size: () => pane.size,
      view: () => pane.state.view,
      setView: (view) => pane.update({ view }),
      window: () => pane.window,
      setWindow: (window) => {
        if (pane.facts?.colour === false) pane.update({ window });
      },
      scroll: (slices) => {
        this.cancel();
        pane.go(pane.index + slices);
      },
      draft: (kind, points) => this.draft(kind, points),
      finish: (kind, points) => void this.finish(kind, points),
      pointAt: (point) => this.pointed(point),
      probe: (point) => this.probed(point),
      anchor: (point) => {
        const at = inside(point, pane.frame) ? anchorAt(pane, point) : null;
        if (at !== null) this.events.anchor(at);
      },
      anchoring: () => this.anchoring(),
      guide: (guide) => this.guide.show(guide, this.made?.tool.busy === true),
      moving: (mark, points) => {
        pane.moving = points === null ? null : { mark: mark.mark, points };
        pane.draw();
      },
      moved: (mark, points) => this.moved(mark, points),
      region: (box) => {
        pane.region = box;
        pane.draw();
      },
      fitWindow: (box) => fitWindow(pane, box),
    };
  }

  private anchoring(): string {
    if (anchorAt(this.pane, [0, 0]) === null) return 'This image does not say where it lies: number on another one';
    return `Click the middle of ${this.events.numbering() ?? 'the vertebra'}`;
  }

  private draft(kind: MarkKind, points: readonly Point[] | null): void {
    const { frame } = this.pane;
    if (points === null || frame === null) {
      this.drafted(null);
      return;
    }
    const { sop_instance_uid } = frame;
    const whole = points.length === PRESSES[kind];
    const shown = whole ? kept(kind, points, frame) : points;
    this.drafted({ mark: this.draftId, kind, sop_instance_uid, frame: frame.frame, points: [...shown] });
  }

  private drafted(draft: Draft | null): void {
    this.pane.own = draft;
    this.events.draft(draft);
    this.pane.draw();
  }

  private async finish(kind: MarkKind, drawn: readonly Point[]): Promise<void> {
    const { frame } = this.pane;
    if (frame === null || !this.events.mayDraw()) return;
    this.draft(kind, drawn);
    const worded = WORDED[kind];
    const at = this.pane.toPane(drawn.at(-1)!);
    const text = worded === undefined ? '' : await askText(this.pane.root, at, worded);
    if (text !== null) {
      const { sop_instance_uid } = frame;
      const points = kept(kind, drawn, frame);
      this.events.complete({ mark: this.draftId, kind, sop_instance_uid, frame: frame.frame, points, text });
    }
    this.draftId = crypto.randomUUID();
    this.drafted(null);
  }

  private moved(mark: ViewerMark, points: readonly Point[]): void {
    const { frame } = this.pane;
    this.pane.moving = null;
    if (frame !== null) {
      const { revision, text } = mark;
      this.events.move({ mark: mark.mark, revision, points: kept(mark.kind, points, frame), text });
    }
    this.pane.draw();
  }

  private cursorBoard(): CursorBoard {
    const { pane } = this;
    return {
      stage: this.stage,
      tool: () => this.tool(),
      presses: () => this.drawing() || PRESSED.includes(this.events.tool()),
      size: () => pane.size,
      toImage: (screen) => pane.toImage(screen),
      place: (point) => pane.toPane(point),
      marks: () => pane.marksHere(),
      mayMove: (mark) => this.mayMove(mark),
      select: (mark) => this.select(mark),
      cross: (at) => {
        pane.cross = at;
        pane.draw();
      },
    };
  }

  private probed(point: Point | null): void {
    this.pane.probed = point;
    this.pane.draw();
  }

  private pointed(point: Point | null): void {
    const { frame } = this.pane;
    if (this.events.tool() !== 'pointer' && point !== null) return;
    const outside = point === null || !inside(point, frame) || this.pane.reformatted;
    const at =
      outside || frame === null ? null : { sop_instance_uid: frame.sop_instance_uid, frame: frame.frame, point };
    this.events.point(at);
  }
}

function inside([column, row]: Point, frame: FrameFacts | null): boolean {
  return frame !== null && column >= 0 && row >= 0 && column <= frame.columns && row <= frame.rows;
}
