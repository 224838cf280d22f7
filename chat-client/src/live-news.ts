import { durationMs } from '@bufbuild/protobuf/wkt';
import type { Presence, Typing } from '@energy-chat/contract/conversation_pb.js';
import type { Entry } from '@energy-chat/contract/entry_pb.js';
import { LivePresence } from './live-presence.js';
import { LiveTyping } from './live-typing.js';
import type { PresenceNews, Typist, WatchListener } from './watch-listener.js';

/** News that has neither seq nor version: only the newest counts, and only as long as a stream tells it. */
export type News = Typing | Presence;

/** The newest news of a stream that is not in use yet, by whom it is about. */
export class HeldNews {
  private readonly held = new Map<string, { readonly news: News; readonly receivedAt: number }>();

  hold(news: News): void {
    const about = news.$typeName === 'energy.chat.v1.Typing' ? `typing ${news.personId}` : 'presence';
    this.held.set(`${about} ${conversationOf(news)}`, { news, receivedAt: performance.now() });
  }

  /** Each with the milliseconds since it arrived. */
  list(): readonly { readonly news: News; readonly ageMs: number }[] {
    const now = performance.now();
    return Array.from(this.held.values(), ({ news, receivedAt }) => ({ news, ageMs: now - receivedAt }));
  }
}

/** Who types and who is there, as the stream in use tells. */
export class LiveNews {
  private readonly typing: LiveTyping;
  private readonly presence: LivePresence;

  constructor(typing: (typist: Typist, typing: boolean) => void, presence: (news: PresenceNews) => void) {
    this.typing = new LiveTyping(typing);
    this.presence = new LivePresence(presence);
  }

  /** `ageMs`: how long ago it arrived. */
  apply(news: News, ageMs = 0): void {
    if (news.$typeName === 'energy.chat.v1.Typing') {
      const remainingMs = news.remaining === undefined ? 0 : durationMs(news.remaining);
      this.typing.news(typistOf(news), remainingMs - ageMs);
      return;
    }
    const { subject } = news;
    if (subject.case === 'support') this.presence.news({ kind: 'support', available: subject.value.available });
    if (subject.case === 'client') {
      const { conversationId, online } = subject.value;
      this.presence.news({ kind: 'client', conversationId, online });
    }
  }

  /** Another stream is in use: who does not type by its news has stopped. */
  replace(held: HeldNews): void {
    const all = held.list();
    this.typing.keepOnly(
      all.flatMap(({ news }) => (news.$typeName === 'energy.chat.v1.Typing' ? [typistOf(news)] : [])),
    );
    for (const { news, ageMs } of all) this.apply(news, ageMs);
  }

  /** Tells somebody who has just come what stands. */
  tell(listener: WatchListener): void {
    for (const typist of this.typing.typists) listener.typing?.(typist, true);
    for (const news of this.presence.all) listener.presence?.(news);
  }

  /** A message ends its author's typing. */
  landed(entry: Entry): void {
    this.typing.landed(entry);
  }

  /** No stream tells any more. */
  lost(): void {
    this.typing.keepOnly([]);
    this.presence.unknown();
  }

  /** Nobody asks about this conversation any more. */
  forget(conversationId: string): void {
    this.typing.keepOnly(this.typing.typists.filter((typist) => typist.conversationId !== conversationId));
    this.presence.forget(conversationId);
  }
}

/** Undefined for what is about no single conversation. */
export function conversationOf(news: News): string | undefined {
  if (news.$typeName === 'energy.chat.v1.Typing') return news.conversationId;
  return news.subject.case === 'client' ? news.subject.value.conversationId : undefined;
}

function typistOf({ conversationId, side, personId, displayName }: Typing): Typist {
  return { conversationId, side, personId, displayName };
}
