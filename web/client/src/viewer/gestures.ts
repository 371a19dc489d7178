/** Mouse, pen and fingers on one pane, turned into presses for a tool. */
import { PanTool, ScrollTool, ZoomTool } from './tools/navigate';
import { RegionWindowTool, type RegionStage } from './region-window';
import { hit, ReshapeTool, type Hit, type ReshapeStage } from './tools/reshape';
import type { Press, Stage, Tool } from './tools/tool';
import type { Point, ViewerMark } from './types';
import { panned, zoomed } from './view';

/** Reach of a handle in CSS pixels: half of 44 px for fingers. */
const FINE_REACH = 10;
const COARSE_REACH = 22;
/** Wheel distance for one slice, in CSS pixels; a notch of a mouse wheel is more. */
const WHEEL_STEP = 30;
/** A finger that goes this far sideways, and little up or down, turns to the next picture; CSS pixels. */
const SWIPE_PX = 60;
const SWIPE_SLOPE = 0.4;

export interface Board {
  readonly stage: Stage & ReshapeStage & RegionStage;
  /** The tool that is chosen. */
  tool(): Tool;
  /** Whether the chosen tool draws. */
  drawing(): boolean;
  toImage(screen: Point): Point;
  place(point: Point): Point;
  /** Marks on the present frame. */
  marks(): readonly ViewerMark[];
  /** Whether this person may move the mark. */
  mayMove(mark: ViewerMark): boolean;
  select(mark: ViewerMark | null): void;
  selected(): string | null;
  /** The pane was touched: make it the active one. */
  activate(): void;
}

export class Gestures {
  private readonly fingers = new Map<number, Point>();
  private current: Tool | null = null;
  private pointer = -1;
  private wheel = 0;
  private began: Point = [0, 0];

  constructor(
    private readonly element: HTMLElement,
    private readonly board: Board,
    signal: AbortSignal,
    private readonly swipe: (step: number) => void,
  ) {
    const on = <K extends keyof HTMLElementEventMap>(type: K, run: (event: HTMLElementEventMap[K]) => void) =>
      element.addEventListener(type, run, { signal, passive: false });
    on('pointerdown', (event) => this.down(event));
    on('pointermove', (event) => this.move(event));
    on('pointerup', (event) => this.up(event));
    on('pointercancel', (event) => this.lost(event));
    on('pointerleave', () => {
      this.board.stage.pointAt(null);
      this.board.stage.probe(null);
    });
    on('wheel', (event) => this.rolled(event));
    on('contextmenu', (event) => event.preventDefault());
  }

  private down(event: PointerEvent): void {
    if (event.target instanceof Element && event.target.closest('input, button, form') !== null) return;
    this.board.activate();
    this.element.focus({ preventScroll: true });
    this.element.setPointerCapture(event.pointerId);
    const press = this.press(event);
    if (event.pointerType === 'touch') this.fingers.set(event.pointerId, press.screen);
    if (this.fingers.size === 2) {
      this.current?.cancel();
      this.current = null;
      return;
    }
    if (this.current !== null || this.fingers.size > 2) return;
    event.preventDefault();
    this.pointer = event.pointerId;
    this.began = press.screen;
    this.current = this.chosen(event, press);
    this.current.down(press);
  }

  private chosen(event: PointerEvent, press: Press): Tool {
    if (event.button === 1) return new PanTool(this.board.stage);
    if (event.button === 2) return new ZoomTool(this.board.stage);
    const tool = this.board.tool();
    if (tool.busy) return tool;
    if (event.shiftKey && !this.board.drawing()) return new RegionWindowTool(this.board.stage);
    const found = this.under(event, press);
    const grabbed = found !== null && this.grabs(found);
    this.board.select(found?.mark ?? null);
    return grabbed ? new ReshapeTool(found, this.board.stage) : tool;
  }

  private under(event: PointerEvent, press: Press): Hit | null {
    const reach = event.pointerType === 'touch' ? COARSE_REACH : FINE_REACH;
    const { board } = this;
    return hit(board.marks(), (point) => board.place(point), press.screen, reach);
  }

  /** A handle is always taken; the line only of a mark that was chosen before, lest a drag moves a mark unnoticed. */
  private grabs({ mark, handle }: Hit): boolean {
    if (!this.board.mayMove(mark)) return false;
    return handle !== null || (!this.board.drawing() && this.board.selected() === mark.mark);
  }

  private move(event: PointerEvent): void {
    const press = this.press(event);
    const before = this.fingers.get(event.pointerId);
    if (before !== undefined) {
      this.fingers.set(event.pointerId, press.screen);
      if (this.fingers.size === 2) this.pinch(event.pointerId, before, press.screen);
      if (this.fingers.size > 1) return;
    }
    if (this.current !== null && event.pointerId === this.pointer) this.current.move(press, true);
    else if (this.current === null && event.pointerType !== 'touch') this.board.tool().move(press, false);
  }

  private up(event: PointerEvent): void {
    this.fingers.delete(event.pointerId);
    if (event.pointerId !== this.pointer || this.current === null) return;
    const tool = this.current;
    this.current = null;
    this.pointer = -1;
    const press = this.press(event);
    tool.up(press);
    if (event.pointerType === 'touch' && tool instanceof ScrollTool) this.swiped(press.screen);
  }

  private swiped([x, y]: Point): void {
    const [across, down] = [x - this.began[0], y - this.began[1]];
    if (Math.abs(across) < SWIPE_PX || Math.abs(down) > Math.abs(across) * SWIPE_SLOPE) return;
    this.swipe(across < 0 ? 1 : -1);
  }

  private lost(event: PointerEvent): void {
    this.fingers.delete(event.pointerId);
    if (event.pointerId !== this.pointer) return;
    this.current?.cancel();
    this.current = null;
    this.pointer = -1;
  }

  /** Two fingers: their distance zooms, their middle pans. */
  private pinch(moved: number, before: Point, now: Point): void {
    const { stage } = this.board;
    const extent = stage.extent();
    const other = [...this.fingers].find(([id]) => id !== moved)?.[1];
    if (extent === null || other === undefined) return;
    const apart = (a: Point) => Math.max(1, Math.hypot(a[0] - other[0], a[1] - other[1]));
    const middle: Point = [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2];
    const by: Point = [(now[0] - before[0]) / 2, (now[1] - before[1]) / 2];
    const view = panned(stage.view(), extent, stage.size(), by);
    stage.setView(zoomed(view, extent, stage.size(), apart(now) / apart(before), middle));
  }

  private rolled(event: WheelEvent): void {
    event.preventDefault();
    this.board.activate();
    const { stage } = this.board;
    const extent = stage.extent();
    const distance = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY : event.deltaY * WHEEL_STEP;
    if (event.ctrlKey) {
      if (extent === null) return;
      const factor = Math.exp(-distance * 0.003);
      stage.setView(zoomed(stage.view(), extent, stage.size(), factor, this.press(event).screen));
      return;
    }
    this.wheel += distance;
    // One notch is one slice, however far a mouse says it is; a trackpad adds up.
    const slices = Math.abs(distance) >= WHEEL_STEP ? Math.sign(distance) : Math.trunc(this.wheel / WHEEL_STEP);
    if (slices === 0) return;
    this.wheel = 0;
    stage.scroll(slices);
  }

  private press(event: MouseEvent): Press {
    const box = this.element.getBoundingClientRect();
    const screen: Point = [event.clientX - box.left, event.clientY - box.top];
    return { screen, image: this.board.toImage(screen) };
  }
}
