import { timestampDate } from '@bufbuild/protobuf/wkt';
import type { ElementRef } from '@angular/core';
import { afterNextRender, Component, computed, inject, Injector, output, signal, viewChild } from '@angular/core';
import type { Session } from '@energy-chat/contract/auth_pb.js';
import { ChatConnection } from '../connection/chat-connection.js';
import { Dates } from '../language/dates.js';
import { Texts } from '../language/texts.js';
import { programNameOf } from './program-name.js';

/** A program that nobody knows is shown by the start of what it calls itself, in characters. */
const RAW_NAME = 40;

interface Row {
  readonly id: string;
  readonly isCurrent: boolean;
  readonly name: string;
  readonly used: string;
}

/** Where its person is signed in at this portal, in a dialog that opens by itself; they may end any session but this one. */
@Component({
  selector: 'chat-sessions',
  templateUrl: './sessions.html',
  styleUrls: ['../controls.css', '../dialog.css', './sessions.css'],
})
export class Sessions {
  readonly closed = output();

  protected readonly texts = inject(Texts);
  private readonly chat = inject(ChatConnection).chat;
  private readonly dates = inject(Dates);
  private readonly injector = inject(Injector);
  private readonly dialog = viewChild.required<ElementRef<HTMLDialogElement>>('dialog');
  private readonly heading = viewChild.required<ElementRef<HTMLElement>>('heading');
  private readonly keep = viewChild<ElementRef<HTMLElement>>('keep');

  private readonly sessions = signal<readonly Session[] | undefined>(undefined);
  protected readonly isMissing = signal(false);
  /** What is asked about: a session by its id, or all others. */
  protected readonly asking = signal<string | undefined>(undefined);
  protected readonly isEnding = signal(false);
  /** How the last ending went. */
  protected readonly outcome = signal<'ended' | 'failed' | undefined>(undefined);
  protected readonly rows = computed(() => this.sessions()?.map((session) => this.rowOf(session)));
  protected readonly hasOthers = computed(() => this.rows()?.some(({ isCurrent }) => !isCurrent) ?? false);
  protected readonly everyOther = 'every other';

  constructor() {
    afterNextRender(() => this.dialog().nativeElement.showModal());
    void this.load();
  }

  protected async load(): Promise<void> {
    this.isMissing.set(false);
    try {
      this.sessions.set(await this.chat.listSessions({ deadlineMs: 10_000 }));
    } catch {
      this.isMissing.set(true);
    }
  }

  protected ask(what: string): void {
    this.outcome.set(undefined);
    this.asking.set(what);
    afterNextRender(() => this.keep()?.nativeElement.focus(), { injector: this.injector });
  }

  protected keepThem(): void {
    this.asking.set(undefined);
    this.focusHeading();
  }

  protected async end(): Promise<void> {
    const what = this.asking();
    if (what === undefined || this.isEnding()) return;
    this.isEnding.set(true);
    try {
      if (what === this.everyOther) await this.chat.endOtherSessions({ deadlineMs: 10_000 });
      else await this.chat.endSession(what, { deadlineMs: 10_000 });
      this.sessions.update((all) =>
        all?.filter(({ id, current }) => current || (what !== this.everyOther && id !== what)),
      );
      this.outcome.set('ended');
    } catch {
      this.outcome.set('failed');
    } finally {
      this.isEnding.set(false);
      this.asking.set(undefined);
      this.focusHeading();
    }
  }

  /** What was pressed is gone. */
  private focusHeading(): void {
    afterNextRender(() => this.heading().nativeElement.focus(), { injector: this.injector });
  }

  private rowOf({ id, current, userAgent, usedTime }: Session): Row {
    return {
      id,
      isCurrent: current,
      name: this.nameOf(userAgent),
      used:
        usedTime === undefined ? '' : this.texts.say('sessions.used', { time: this.timeOf(timestampDate(usedTime)) }),
    };
  }

  private nameOf(userAgent: string): string {
    const known = programNameOf(userAgent);
    if (known === undefined) return userAgent.slice(0, RAW_NAME) || this.texts.say('sessions.unknown');
    return known.system === '' ? known.browser : this.texts.say('sessions.on', known);
  }

  private timeOf(date: Date): string {
    return `${this.dates.day(date)}, ${this.dates.time(date)}`;
  }
}
