import type { Conversation } from '@energy-chat/contract/conversation_pb.js';
import { compareInInbox, type InboxPlace } from './inbox-order.js';

/** A page of the list as the service answered it. */
interface LoadedPage {
  /** The token it was asked for with; empty for the first. */
  readonly token: string;
  /** The place of its last row; undefined when the list ends with it. */
  readonly end: InboxPlace | undefined;
  /** Rows may have left or come since, untold. */
  readonly isStale: boolean;
}

/** What to ask the service for. `until`: go on with the next token up to this place. */
export interface WantedPage {
  readonly number: number;
  readonly token: string;
  readonly until: InboxPlace | undefined;
}

/**
 * One list of the inbox, from its top down to where it was loaded. Invariants: `rows` is in the list's order and holds
 * each conversation once; a row that stands below what was loaded is kept but not shown, so that scrolling further
 * neither skips nor repeats it. Pages lie one behind the other; a page that is loaded again says what is true between
 * its ends and nothing about the rest.
 */
export class InboxList {
  /** All that is known of this list, in order, also below what was loaded. */
  private known: readonly Conversation[] = [];
  private pages: readonly LoadedPage[] = [];
  /** Asks for what follows the loaded pages; undefined when nothing does. */
  private nextToken: string | undefined = '';

  /** As far as it was loaded. */
  get rows(): readonly Conversation[] {
    if (this.pages.length === 0) return [];
    const end = this.pages.at(-1)?.end;
    return end === undefined ? this.known : this.known.slice(0, this.placeAfter(end));
  }

  get isLoaded(): boolean {
    return this.pages.length > 0;
  }

  get hasMore(): boolean {
    return this.nextToken !== undefined;
  }

  put(row: Conversation): void {
    this.known = this.known.toSpliced(this.placeAfter(row), 0, row);
  }

  /** `row` as it was put. */
  remove(row: Conversation): void {
    const at = this.placeAfter(row) - 1;
    if (this.known[at]?.id === row.id) this.known = this.known.toSpliced(at, 1);
  }

  /** News may have been missed: every page is to be loaded again once it is looked at. */
  markStale(): void {
    this.pages = this.pages.map((page) => ({ ...page, isStale: true }));
  }

  /** Its tokens are of no use any more. */
  restart(): void {
    this.pages = [];
    this.nextToken = '';
  }

  /**
   * The page to load so that the rows from `first` to before `end` can be looked at, or undefined when they can. Stale
   * pages come first: what is shown wrongly is worse than what is not shown yet.
   */
  wanted(first: number, end: number): WantedPage | undefined {
    let top = 0;
    for (const [number, page] of this.pages.entries()) {
      const bottom = page.end === undefined ? this.known.length : this.placeAfter(page.end);
      const isLookedAt = top < end && (bottom > first || bottom === top);
      if (page.isStale && (isLookedAt || number === 0)) {
        const isLast = number === this.pages.length - 1;
        return { number, token: page.token, until: isLast ? undefined : page.end };
      }
      top = bottom;
    }
    if (this.nextToken === undefined || (this.isLoaded && top >= end)) return undefined;
    return { number: this.pages.length, token: this.nextToken, until: undefined };
  }

  /** Whether an answer that ends there is all of the wanted page. */
  isAnswered({ until }: WantedPage, rows: readonly Conversation[], nextToken: string): boolean {
    const last = rows.at(-1);
    return until === undefined || nextToken === '' || last === undefined || compareInInbox(last, until) >= 0;
  }

  /**
   * The service answered `rows` for the wanted page. Answers the rows that were known between its ends and are not
   * there any more by that answer; the caller decides which of them it believes, and puts the new ones.
   */
  loaded(wanted: WantedPage, rows: readonly Conversation[], nextToken: string): readonly Conversation[] {
    const start = this.pages[wanted.number - 1]?.end;
    const isAtTheEnd = nextToken === '';
    const end = isAtTheEnd ? undefined : (wanted.until ?? rows.at(-1));
    const page = { token: wanted.token, end, isStale: false };
    const isLast = isAtTheEnd || wanted.until === undefined;
    this.pages = [...this.pages.slice(0, wanted.number), page, ...(isLast ? [] : this.pages.slice(wanted.number + 1))];
    if (isLast) this.nextToken = isAtTheEnd ? undefined : nextToken;
    const answered = new Set(rows.map(({ id }) => id));
    return this.known
      .slice(start === undefined ? 0 : this.placeAfter(start), end === undefined ? undefined : this.placeAfter(end))
      .filter(({ id }) => !answered.has(id));
  }

  /** How many known rows stand at this place or before it. */
  private placeAfter(place: InboxPlace): number {
    let low = 0;
    let high = this.known.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const row = this.known[middle];
      if (row !== undefined && compareInInbox(row, place) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
