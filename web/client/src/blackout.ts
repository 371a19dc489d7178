/**
 * `<consilium-blackout>`: boxes drawn over writing in a held picture by mouse, pen, finger or keyboard, to be made black
 * on the server. Boxes are seen through until the preview is asked for; nothing is final until the form is confirmed.
 */
import './pages/blackout.css';
import { Drawing, fitted, moved, spanned, stretched, type Box } from './blackout/boxes';
import { act, check, confirmed, made, shape } from './blackout/pieces';

const LEAST_SHARE = 0.004;
const ARROWS: Record<string, readonly [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

class BlackoutPage extends HTMLElement {
  private columns = 1;
  private rows = 1;
  private drawing = new Drawing(1, 1);
  private readonly layer = shape('svg', { 'aria-label': 'Boxes that will be black', role: 'group' });
  private readonly list = made('ol', { class: 'blackout-list' });
  private readonly status = made('p', { class: 'small', role: 'status' });
  private readonly undo = act('Undo', 'undo-2', () => this.change(() => this.drawing.undo()));
  private readonly redo = act('Redo', 'redo-2', () => this.change(() => this.drawing.redo()));
  private from: readonly [number, number] | null = null;
  private draft: SVGElement | null = null;
  private ready = false;

  connectedCallback(): void {
    this.columns = Number(this.dataset['columns']);
    this.rows = Number(this.dataset['rows']);
    this.drawing = new Drawing(this.columns, this.rows);
    this.layer.setAttribute('viewBox', `0 0 ${this.columns} ${this.rows}`);
    this.layer.setAttribute('preserveAspectRatio', 'none');
    this.piece('stage').append(this.layer);
    const picture = this.piece('picture') as HTMLImageElement;
    picture.addEventListener('load', () => {
      this.measure(picture.naturalWidth / picture.naturalHeight);
    });
    this.measure(this.columns / this.rows);
    this.piece('tools').append(...this.tools());
    this.layer.addEventListener('pointerdown', this.begin);
    this.layer.addEventListener('pointermove', this.follow);
    this.layer.addEventListener('pointerup', this.end);
    this.layer.addEventListener('pointercancel', () => this.forget());
    this.addEventListener('keydown', this.key);
    (this.piece('form') as HTMLFormElement).addEventListener('submit', this.send);
    this.show();
  }

  /** As large as the page allows, and never higher than the window, so that all of the picture is seen at once. */
  private measure(ratio: number): void {
    this.piece('stage').style.maxInlineSize = `calc(78vh * ${ratio})`;
    this.piece('picture').style.aspectRatio = String(ratio);
  }

  private piece(name: string): HTMLElement {
    return this.querySelector<HTMLElement>(`[data-part="${name}"]`)!;
  }

  private tools(): HTMLElement[] {
    const found: HTMLElement[] = [];
    const frames = Number(this.dataset['frames']);
    if (frames > 1) found.push(this.frames(frames));
    const suggested = JSON.parse(this.dataset['suggestion'] ?? '[]') as [number, number, number, number][];
    if (suggested.length > 0) {
      const boxes = suggested.map(([left, top, width, height]) => ({ left, top, width, height }));
      found.push(act('Black out all around the scan', 'scan', () => this.change(() => this.drawing.add(...boxes))));
    }
    const add = act('Add a box', 'plus', () => this.change(() => this.drawing.add(this.middle()), true));
    const clear = act('Remove all', 'trash-2', () => this.change(() => this.drawing.clear()));
    found.push(made('div', { class: 'row' }, add, this.undo, this.redo, clear));
    found.push(
      check('Preview: show the boxes black', (on) => {
        this.toggleAttribute('data-preview', on);
      }),
      this.list,
      this.status,
      made(
        'p',
        { class: 'hint' },
        'Keys on a box: arrows move it, Shift and arrows change its size, Delete removes it.',
      ),
    );
    return found;
  }

  private frames(frames: number): HTMLElement {
    const slider = made('input', { type: 'range', min: '1', max: String(frames), value: '1', id: 'blackout-frame' });
    const told = made('output', { for: 'blackout-frame' }, `1 of ${frames}`);
    slider.addEventListener('input', () => {
      const frame = (slider as HTMLInputElement).value;
      told.textContent = `${frame} of ${frames}`;
      const picture = this.piece('picture') as HTMLImageElement;
      picture.src = `${this.dataset['pictures'] ?? ''}${frame}.webp`;
      picture.alt = `Frame ${frame} of the held image`;
    });
    return made('div', { class: 'field' }, made('label', { for: 'blackout-frame' }, 'Frame ', told), slider);
  }

  private middle(): Box {
    const [width, height] = [this.columns / 4, this.rows / 12];
    return { left: (this.columns - width) / 2, top: (this.rows - height) / 2, width, height };
  }

  private change(step: () => unknown, focusLast = false): void {
    const result = step();
    this.show();
    if (result === false) this.status.textContent = 'There are as many boxes as one picture may have.';
    if (focusLast) (this.layer.lastElementChild as SVGElement | null)?.focus();
  }

  private show(): void {
    const boxes = this.drawing.boxes;
    this.layer.replaceChildren(...boxes.map((box, index) => this.drawn(box, index)));
    this.list.replaceChildren(...boxes.map((box, index) => this.listed(box, index)));
    this.undo.toggleAttribute('disabled', !this.drawing.undoable);
    this.redo.toggleAttribute('disabled', !this.drawing.redoable);
    this.piece('form').querySelector<HTMLInputElement>('[name="boxes"]')!.value = this.drawing.json();
    this.piece('apply').hidden = boxes.length === 0;
    this.piece('clear').hidden = boxes.length > 0;
    this.status.textContent =
      boxes.length === 0 ? 'No boxes yet.' : `${boxes.length} ${boxes.length === 1 ? 'box' : 'boxes'}.`;
  }

  private drawn(box: Box, index: number): SVGElement {
    const rectangle = shape('rect', {
      x: String(box.left),
      y: String(box.top),
      width: String(box.width),
      height: String(box.height),
      tabindex: '0',
      role: 'img',
      'aria-label': `Box ${index + 1}: ${told(box)}`,
    });
    rectangle.dataset['index'] = String(index);
    return rectangle;
  }

  private listed(box: Box, index: number): HTMLElement {
    const remove = act(`Remove box ${index + 1}`, 'x', () => this.change(() => this.drawing.remove(index)), true);
    return made('li', {}, made('span', { class: 'number' }, told(box)), remove);
  }

  private at(event: PointerEvent): readonly [number, number] {
    const place = this.layer.getBoundingClientRect();
    return [
      ((event.clientX - place.left) / place.width) * this.columns,
      ((event.clientY - place.top) / place.height) * this.rows,
    ];
  }

  private readonly begin = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    event.preventDefault();
    this.from = this.at(event);
    this.layer.setPointerCapture(event.pointerId);
    this.draft = shape('rect', { class: 'draft' });
    this.layer.append(this.draft);
  };

  private readonly follow = (event: PointerEvent): void => {
    if (this.from === null || this.draft === null) return;
    const box = spanned(this.from, this.at(event));
    for (const [name, value] of Object.entries({ x: box.left, y: box.top, width: box.width, height: box.height }))
      this.draft.setAttribute(name, String(value));
  };

  private readonly end = (event: PointerEvent): void => {
    const from = this.from;
    this.forget();
    if (from === null) return;
    const box = spanned(from, this.at(event));
    // A tap is no box; what was tapped is taken in hand instead.
    if (box.width < this.columns * LEAST_SHARE || box.height < this.rows * LEAST_SHARE) {
      const hit = this.drawing.boxes.findLastIndex((one) => holds(one, from));
      (this.layer.children[hit] as SVGElement | undefined)?.focus();
      return;
    }
    this.change(() => this.drawing.add(fitted(box, this.columns, this.rows)), true);
  };

  private forget(): void {
    this.draft?.remove();
    this.from = null;
    this.draft = null;
  }

  private readonly key = (event: KeyboardEvent): void => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'z') {
      event.preventDefault();
      this.change(() => (event.shiftKey ? this.drawing.redo() : this.drawing.undo()));
      return;
    }
    const target = event.target as SVGElement;
    const index = Number(target.dataset['index'] ?? '-1');
    const box = this.drawing.boxes[index];
    if (box === undefined || target.parentNode !== this.layer) return;
    if (event.key === 'Delete' || event.key === 'Backspace') {
      event.preventDefault();
      this.change(() => this.drawing.remove(index));
      (this.layer.children[Math.min(index, this.drawing.boxes.length - 1)] as SVGElement | undefined)?.focus();
      return;
    }
    const way = ARROWS[event.key];
    if (way === undefined) return;
    event.preventDefault();
    const step = Math.max(1, Math.round(Math.max(this.columns, this.rows) / 200));
    const next = (event.shiftKey ? stretched : moved)(box, way[0] * step, way[1] * step, this.columns, this.rows);
    this.change(() => this.drawing.replace(index, next));
    (this.layer.children[index] as SVGElement | undefined)?.focus();
  };

  private readonly send = (event: SubmitEvent): void => {
    const button = event.submitter as HTMLButtonElement | null;
    if (this.ready || button === null) return;
    event.preventDefault();
    const boxes = this.drawing.boxes.length;
    const question =
      boxes === 0
        ? 'Release this picture as it is? It is shown in the case then.'
        : `Make ${boxes === 1 ? 'this box' : `these ${boxes} boxes`} black for good, and release the picture? What is under ${boxes === 1 ? 'it' : 'them'} cannot be brought back.`;
    void confirmed(this, question, boxes === 0 ? 'Release' : 'Black out and release').then((yes) => {
      if (!yes) return;
      this.ready = true;
      this.status.textContent = 'Working on it …';
      (this.piece('form') as HTMLFormElement).requestSubmit(button);
      button.disabled = true;
    });
  };
}

function told(box: Box): string {
  return `${box.width} × ${box.height} at ${box.left}, ${box.top}`;
}

function holds(box: Box, point: readonly [number, number]): boolean {
  const [x, y] = [point[0] - box.left, point[1] - box.top];
  return x >= 0 && y >= 0 && x < box.width && y < box.height;
}

customElements.define('consilium-blackout', BlackoutPage);
