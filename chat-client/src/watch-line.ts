import type { MessageInitShape } from '@bufbuild/protobuf';
import { Code, type Client } from '@connectrpc/connect';
import type { ConversationService, WatchRequestSchema, WatchResponse } from '@energy-chat/contract/conversation_pb.js';
import { ChatError } from './chat-error.js';
import { HeldNews } from './live-news.js';
import { bearer, type AccessGrant, type Session } from './session.js';

export interface LineParts {
  readonly service: Client<typeof ConversationService>;
  readonly session: Session;
  /** Built when the stream opens, so that it carries the newest cursors. */
  readonly request: () => MessageInitShape<typeof WatchRequestSchema>;
  /** Milliseconds until the first event. */
  readonly openWithinMs: number;
  /** Milliseconds between two events. */
  readonly silenceMs: number;
  readonly event: (line: WatchLine, response: WatchResponse) => void;
  /** After an event that came after so long a silence: the device may have kept it while it slept, and the line be dead. */
  readonly suspected: (line: WatchLine) => void;
  /** Once, unless the line was closed by `close`. */
  readonly ended: (line: WatchLine, error: ChatError) => void;
}

/** A heartbeat comes every 25 s; a line silent for longer is suspect, in milliseconds. */
export const SUSPECT_MS = 30_000;
/** How often a silent line is looked at, in milliseconds. */
const LOOK_MS = 5_000;

/**
 * One Watch stream from its opening to its end, which a silence also is. While the device sleeps its timers stand still
 * and its clock goes on: so a line that died meanwhile is noticed 5 s after waking, whatever the page was told of it.
 */
export class WatchLine {
  /** The token it was opened with; undefined until then. */
  grant: AccessGrant | undefined;
  /** It is known to end soon: its successor takes over without anybody noticing. */
  leaving = false;
  /** A successor has to wait for a fresh token. */
  renewing = false;
  /** While it catches up; told when it takes over. */
  readonly held = new HeldNews();
  private readonly control = new AbortController();
  private readonly openedAt = Date.now();
  private heardAt = Date.now();
  /** By the monotonic clock, in case the other is set back. */
  private steadilyHeardAt = performance.now();
  private silenceMs: number;
  private watchdog: ReturnType<typeof setTimeout>;
  private over = false;

  constructor(
    /** Which of the page's wishes it knows. */
    readonly plan: number,
    private readonly parts: LineParts,
  ) {
    this.silenceMs = parts.openWithinMs;
    this.watchdog = this.lookLater(this.silenceMs);
    void this.read();
  }

  /** Milliseconds since it was opened and since it last told something, by the wall clock, which sleep does not stop. */
  get ageMs(): number {
    return Date.now() - this.openedAt;
  }

  get silentForMs(): number {
    return Date.now() - this.heardAt;
  }

  /** Ends the stream and tells nobody. */
  close(): void {
    this.over = true;
    clearTimeout(this.watchdog);
    this.control.abort();
  }

  /** Ends the stream as if the network had. */
  fail(error: ChatError): void {
    if (this.over) return;
    this.close();
    this.parts.ended(this, error);
  }

  private async read(): Promise<void> {
    const { service, session, request } = this.parts;
    const { signal } = this.control;
    try {
      const grant = await session.grant(signal);
      if (this.over) return;
      this.grant = grant;
      // A deadline of 0 is none, also where the transport has a default.
      for await (const response of service.watch(request(), { signal, timeoutMs: 0, headers: bearer(grant) })) {
        if (this.over) return;
        const wasSilent = this.silentForMs > SUSPECT_MS;
        this.heardAt = Date.now();
        this.steadilyHeardAt = performance.now();
        this.silenceMs = this.parts.silenceMs;
        clearTimeout(this.watchdog);
        this.watchdog = this.lookLater(this.silenceMs);
        this.parts.event(this, response);
        if (this.over) return;
        if (wasSilent) this.parts.suspected(this);
      }
      this.fail(new ChatError(Code.Unavailable, '', 'The service ended the stream.'));
    } catch (failure) {
      this.fail(ChatError.from(failure));
    }
  }

  private lookLater(leftMs: number): ReturnType<typeof setTimeout> {
    return setTimeout(() => this.look(), Math.min(leftMs, LOOK_MS));
  }

  private look(): void {
    const leftMs = this.silenceMs - Math.max(this.silentForMs, performance.now() - this.steadilyHeardAt);
    if (leftMs <= 0) this.fail(new ChatError(Code.DeadlineExceeded, '', 'The line is silent.'));
    else this.watchdog = this.lookLater(leftMs);
  }
}
