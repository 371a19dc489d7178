/** Where the keyboard is: never lost when what had the focus goes away, and taken from region to region by F6. */

const INSIDE = '[tabindex], a[href], button, input, select, textarea, summary';
const TABBABLE = 'a[href], button:enabled, input:enabled, select:enabled, textarea, summary';

/** The regions in the order of the screen: what of each takes the focus, the first that is there. */
const REGIONS: readonly (readonly [region: string, first: string])[] = [
  ['.room-left', '[data-call], button'],
  ['.room-centre', '.viewer-pane[tabindex="0"], [data-open], [data-call-next]'],
  ['.room-right', '[role=tab][aria-selected=true]'],
];

export class Focus {
  /** What had the focus last, and everything around it. */
  private path: readonly Element[] = [];

  constructor(private readonly root: HTMLElement) {}

  start(): void {
    this.root.addEventListener('focusin', this.came);
  }

  stop(): void {
    this.root.removeEventListener('focusin', this.came);
    this.path = [];
  }

  /** After a change: where the focus fell to the page, it goes to the nearest place around what had it. */
  keep(): void {
    requestAnimationFrame(() => {
      const [had] = this.path;
      if (document.activeElement !== document.body || had === undefined || takes(had)) return;
      const around = this.path.filter((one) => one.matches(INSIDE)).find(takes);
      (around ?? this.root.querySelector<HTMLElement>('#main'))?.focus({ preventScroll: true });
    });
  }

  /** To the next region of the room that is on the screen, or the one before. */
  onward(by: 1 | -1): boolean {
    const regions = REGIONS.flatMap(([selector, first]) => {
      const region = this.root.querySelector<HTMLElement>(selector);
      return region === null || !region.checkVisibility() ? [] : [{ region, first }];
    });
    if (regions.length === 0) return false;
    const at = regions.findIndex(({ region }) => region.contains(document.activeElement));
    const from = at === -1 && by === -1 ? 0 : at;
    const { region, first } = regions[(from + by + regions.length) % regions.length]!;
    const places = [...region.querySelectorAll<HTMLElement>(first), ...region.querySelectorAll<HTMLElement>(TABBABLE)];
    (places.find(takes) ?? region).focus();
    return true;
  }

  private readonly came = (event: FocusEvent): void => {
    this.path = event.composedPath().filter((one) => one instanceof Element && this.root.contains(one)) as Element[];
  };
}

/** Whether this is on the screen and can have the focus. */
function takes(one: Element): one is HTMLElement {
  return one instanceof HTMLElement && one.isConnected && one.checkVisibility() && !one.matches(':disabled');
}
