import { A11yModule } from '@angular/cdk/a11y';
import { ScrollingModule, CdkVirtualScrollViewport } from '@angular/cdk/scrolling';
import {
  afterNextRender,
  afterRenderEffect,
  Component,
  computed,
  DestroyRef,
  inject,
  Injector,
  output,
  signal,
  viewChild,
} from '@angular/core';
import { Texts } from '@energy-chat/client/angular/language/texts.js';
import { InboxFilter } from '@energy-chat/contract/inbox_pb.js';
import { OpenConversations } from '../desk/open-conversations.js';
import { NewClientNotice } from './new-client-notice.js';
import { DeskIcon } from '../shell/desk-icon.js';
import { heldStill, type ShownRow } from './held-still.js';
import { InboxRow } from './inbox-row.js';
import { InboxStore } from './inbox-store.js';

/** The height of a row in the list, in CSS pixels: the virtual list reckons with it. */
const ROW_HEIGHT = 88;
/** Rows stay where they are for so long after the pointer moved among them, in milliseconds. */
const STILL_MS = 2_500;
/** More than that are shown as "999+". */
const MOST_SHOWN = 999;

const TABS = [
  { filter: InboxFilter.WAITING, key: 'inbox.tab.waiting', empty: 'inbox.empty.waiting' },
  { filter: InboxFilter.MINE, key: 'inbox.tab.mine', empty: 'inbox.empty.mine' },
  { filter: InboxFilter.OTHERS, key: 'inbox.tab.others', empty: 'inbox.empty.others' },
  { filter: InboxFilter.CLOSED, key: 'inbox.tab.closed', empty: 'inbox.empty.closed' },
] as const;

/**
 * The lists of the inbox. Focus stays on the list itself, and which row it means is remembered by conversation: so rows
 * may move, come and go without taking focus along.
 */
@Component({
  selector: 'admin-inbox-pane',
  imports: [A11yModule, DeskIcon, InboxRow, ScrollingModule],
  templateUrl: './inbox-pane.html',
  styleUrl: './inbox-pane.css',
})
export class InboxPane {
  /** A conversation was chosen. */
  readonly chosen = output<string>();

  protected readonly texts = inject(Texts);
  protected readonly inbox = inject(InboxStore);
  protected readonly notice = inject(NewClientNotice);
  protected readonly open = inject(OpenConversations);
  private readonly injector = inject(Injector);
  private readonly viewport = viewChild(CdkVirtualScrollViewport);

  protected readonly rowHeight = ROW_HEIGHT;
  protected readonly skeletons = [1, 2, 3, 4, 5, 6];
  protected readonly others = InboxFilter.OTHERS;
  protected readonly waitingFilter = InboxFilter.WAITING;
  protected readonly tabs = computed(() => {
    const counts = this.inbox.counts();
    const of: Readonly<Partial<Record<InboxFilter, number | undefined>>> = {
      [InboxFilter.WAITING]: counts?.waiting,
      [InboxFilter.MINE]: counts?.mine,
      [InboxFilter.OTHERS]: counts?.others,
    };
    return TABS.map((tab) => ({ ...tab, count: countLabel(of[tab.filter]) }));
  });
  protected readonly emptyKey = computed(
    () => TABS.find(({ filter }) => filter === this.inbox.shown())?.empty ?? 'inbox.empty.waiting',
  );

  /** In which order rows stand as long as the pointer is at work among them. */
  private readonly order = signal<readonly string[] | undefined>(undefined);
  private stillTimer: ReturnType<typeof setTimeout> | undefined;
  protected readonly held = computed(() => heldStill(this.inbox.rows(), this.order(), (id) => this.inbox.row(id)));
  /** The row that the keyboard means. */
  protected readonly activeId = signal<string | undefined>(undefined);
  protected readonly activeElementId = computed(() => {
    const id = this.activeId();
    return id !== undefined && this.held().rows.some(({ row }) => row.id === id) ? `row-${id}` : null;
  });

  constructor() {
    inject(DestroyRef).onDestroy(() => clearTimeout(this.stillTimer));
    // The viewport learns of its size and of rows that come without anybody scrolling.
    afterRenderEffect(() => {
      const viewport = this.viewport();
      if (this.held().rows.length >= 0 && viewport !== undefined) this.lookAround(viewport);
    });
  }

  protected show(filter: InboxFilter): void {
    this.moveFreely();
    this.activeId.set(undefined);
    this.inbox.show(filter);
    this.viewport()?.scrollToOffset(0);
  }

  /** Arrows among the tabs, as a tab list has them. */
  protected stepTab(by: number, press: Event, lists: HTMLElement): void {
    press.preventDefault();
    const at = TABS.findIndex(({ filter }) => filter === this.inbox.shown());
    const next = TABS.at((at + by) % TABS.length);
    if (next === undefined) return;
    this.show(next.filter);
    afterNextRender(() => lists.querySelector<HTMLElement>('[aria-selected="true"]')?.focus(), {
      injector: this.injector,
    });
  }

  protected readonly rowId = (_: number, { row }: ShownRow): string => row.id;

  protected lookAround(viewport: CdkVirtualScrollViewport): void {
    const first = Math.floor(viewport.measureScrollOffset('top') / ROW_HEIGHT);
    this.inbox.lookAt(first, first + Math.ceil(viewport.getViewportSize() / ROW_HEIGHT));
  }

  protected choose(id: string): void {
    this.activeId.set(id);
    this.chosen.emit(id);
  }

  protected chooseActive(press: Event): void {
    press.preventDefault();
    const id = this.activeId();
    if (id !== undefined) this.choose(id);
  }

  /** To the row so many places below the active one; to the first in view when none is. */
  protected move(by: number, press: Event): void {
    press.preventDefault();
    const { rows } = this.held();
    const viewport = this.viewport();
    if (rows.length === 0 || viewport === undefined) return;
    const at = rows.findIndex(({ row }) => row.id === this.activeId());
    const inView = Math.ceil(viewport.measureScrollOffset('top') / ROW_HEIGHT);
    const to = Math.max(0, Math.min(rows.length - 1, at === -1 ? inView : at + by));
    this.activeId.set(rows[to]?.row.id);
    scrollIntoView(viewport, to);
  }

  protected moveToEnd(end: 'first' | 'last', press: Event): void {
    this.move(end === 'first' ? -Infinity : Infinity, press);
  }

  /** For the keyboard's shortcut to the list. */
  focusList(): void {
    const viewport = this.viewport();
    viewport?.elementRef.nativeElement.focus();
  }

  protected listFocused(): void {
    if (this.activeElementId() !== null) return;
    const front = this.open.front()?.id;
    const { rows } = this.held();
    this.activeId.set(rows.find(({ row }) => row.id === front)?.row.id ?? rows[0]?.row.id);
  }

  protected holdStill({ pointerType }: PointerEvent): void {
    if (pointerType !== 'mouse') return;
    this.order.update((order) => order ?? this.inbox.rows().map(({ id }) => id));
    clearTimeout(this.stillTimer);
    this.stillTimer = setTimeout(() => this.order.set(undefined), STILL_MS);
  }

  protected moveFreely(): void {
    clearTimeout(this.stillTimer);
    this.order.set(undefined);
  }
}

function countLabel(count: number | undefined): string | undefined {
  if (count === undefined) return undefined;
  return count > MOST_SHOWN ? `${MOST_SHOWN}+` : String(count);
}

function scrollIntoView(viewport: CdkVirtualScrollViewport, index: number): void {
  const top = index * ROW_HEIGHT;
  const offset = viewport.measureScrollOffset('top');
  const size = viewport.getViewportSize();
  if (top < offset) viewport.scrollToOffset(top);
  else if (top + ROW_HEIGHT > offset + size) viewport.scrollToOffset(top + ROW_HEIGHT - size);
}
