/** Nearer to the end than this counts as being there, in pixels. */
const END_PX = 48;

/**
 * What a reader looks at stays where it is, whatever is added above or below; who is at the end stays at the end. Call
 * `remember` whenever the reader may have moved, `restore` after every change of what is shown.
 */
export class ScrollPosition {
  private isPinned = true;
  private anchor: { readonly element: Element; readonly top: number } | undefined;

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

  remember(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    // A thread that is not shown at all has no position.
    if (clientHeight === 0) return;
    this.isPinned = scrollHeight - scrollTop - clientHeight <= END_PX;
    const top = this.scroller.getBoundingClientRect().top;
    const element = this.firstBelow(top);
    this.anchor = element && { element, top: element.getBoundingClientRect().top - top };
  }

  /** With the next `restore` the reader is at the end. */
  pin(): void {
    this.isPinned = true;
  }

  restore(): void {
    if (this.isPinned) {
      this.scroller.scrollTop = this.scroller.scrollHeight;
    } else if (this.anchor?.element.isConnected === true) {
      const top = this.anchor.element.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top;
      if (Math.abs(top - this.anchor.top) >= 1) this.scroller.scrollTop += top - this.anchor.top;
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

  private firstBelow(top: number): Element | undefined {
    const { children } = this.list;
    return children[firstIndex(children.length, (at) => bottomOf(children[at]) > top)];
  }
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
