/** Nearer to the end than this counts as being there, in pixels. */
const END_PX = 48;

/**
 * What a reader looks at stays where it is, whatever is added above or below; who is at the end stays at the end. Call
 * `remember` whenever the reader may have moved, `restore` after every change of what is shown.
 */
export class ScrollPosition {
  private isPinned = true;
  /** `offset`: from the beginning of all that can be scrolled to, which scrolling does not change. */
  private anchor: { readonly element: Element; readonly offset: number } | undefined;
  /** Where it was scrolled to when that was last looked at. */
  private knownTop = 0;
  /** The last line is the last there is: who is there is at the end. */
  reachesEnd = true;

  constructor(
    private readonly scroller: HTMLElement,
    /** Its children are the lines. */
    private readonly list: HTMLElement,
  ) {}

  /** The reader is at the end, and is to stay there. */
  get isAtEnd(): boolean {
    return this.isPinned;
  }

  /** Pixels above what is visible. */
  get above(): number {
    return this.scroller.scrollTop;
  }

  /** Pixels below what is visible. */
  get below(): number {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight;
  }

  /** The entry that is kept in its place, and how far below the top it stands; undefined at the end. */
  get place(): { readonly seq: number; readonly top: number } | undefined {
    const seq = Number(this.anchor?.element.getAttribute('data-seq') ?? 0);
    if (this.isPinned || this.anchor === undefined || seq === 0) return undefined;
    return { seq, top: this.anchor.offset - this.knownTop };
  }

  remember(): void {
    // A thread that is not shown at all has no position.
    if (this.scroller.clientHeight === 0) return;
    this.isPinned = this.reachesEnd && this.below <= END_PX;
    const top = this.scroller.getBoundingClientRect().top;
    const element = this.firstStanding(top);
    this.anchor = element && { element, offset: this.offsetOf(element) };
    this.knownTop = this.scroller.scrollTop;
  }

  /** With the next `restore` the reader is at the end. */
  pin(): void {
    this.isPinned = true;
    this.knownTop = 0;
  }

  restore(): void {
    // Scrolled away in this very frame: the event that tells of it is still to come.
    const hasLeft = this.scroller.scrollTop < this.knownTop - 1 && this.below > END_PX;
    if (this.isPinned && !hasLeft) {
      this.scroller.scrollTop = this.scroller.scrollHeight;
      this.knownTop = this.scroller.scrollTop;
    } else if (this.anchor?.element.isConnected === true) {
      const { element } = this.anchor;
      const offset = this.offsetOf(element);
      const shift = offset - this.anchor.offset;
      if (Math.abs(shift) < 1) return;
      this.scroller.scrollTop += shift;
      this.anchor = { element, offset };
    }
  }

  toEnd(behavior: ScrollBehavior): void {
    this.isPinned = true;
    this.scroller.scrollTo({ top: this.scroller.scrollHeight, behavior });
  }

  /** So that the element stands a little below the top, unless it is in view anyway. */
  toElement(element: Element): void {
    const top = element.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top;
    if (top >= END_PX) return;
    this.scroller.scrollTop += top - END_PX;
    this.remember();
  }

  /** The last line whose end is visible. */
  lastVisible(): Element | undefined {
    const end = this.scroller.getBoundingClientRect().bottom + 1;
    const { children } = this.list;
    const index = firstIndex(children.length, (at) => bottomOf(children[at]) > end);
    return children[index - 1];
  }

  /** The line of this entry, else of the next one that has a line, else the last. */
  lineOf(seq: number): HTMLElement | undefined {
    const lines = [...this.list.querySelectorAll<HTMLElement>('[data-seq]')];
    return lines.find((line) => seqOf(line) >= seq) ?? lines.at(-1);
  }

  /** So that the element stands this far below the top, in pixels. */
  toPlace(element: Element, top: number): void {
    this.isPinned = false;
    this.scroller.scrollTop += element.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top - top;
    this.remember();
  }

  /** So that the element stands in the middle. */
  toMiddle(element: Element): void {
    const { height } = element.getBoundingClientRect();
    this.toPlace(element, Math.max(END_PX, (this.scroller.clientHeight - height) / 2));
  }

  private offsetOf(element: Element): number {
    return element.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top + this.scroller.scrollTop;
  }

  /**
   * The first line in view that keeps its height and its neighbours: of an entry, and not the first entry of all, which
   * looks different once it is known what stands before it.
   */
  private firstStanding(top: number): Element | undefined {
    const { children } = this.list;
    const from = firstIndex(children.length, (at) => bottomOf(children[at]) > top);
    const entries = [...children].filter((child) => child.hasAttribute('data-seq'));
    const visible = [...children].slice(from);
    return visible.find((line) => line.hasAttribute('data-seq') && line !== entries[0]) ?? visible[0];
  }
}

function seqOf(line: Element): number {
  return Number(line.getAttribute('data-seq') ?? 0);
}

function bottomOf(element: Element | undefined): number {
  return element?.getBoundingClientRect().bottom ?? 0;
}

/** The first index for which it is so, given that it is so for all after it; `count` when for none. */
function firstIndex(count: number, isSo: (index: number) => boolean): number {
  let from = 0;
  let to = count;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (isSo(middle)) to = middle;
    else from = middle + 1;
  }
  return from;
}
