import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { PersonSchema } from '@energy-chat/contract/person_pb.js';
import { newRequestId } from '../request-id.js';
import type { SessionSiblings, SharedAccess, SiblingListener } from '../session-siblings.js';
import { FORMAT } from './tab-wire.js';
import type { TabChannel, Tabs } from './tabs.js';

interface WireAccess {
  readonly token: string;
  readonly lifeMs: number;
  readonly me: Uint8Array;
  /** By the clock that all tabs of this machine share: a frozen tab reads it late. */
  readonly at: number;
}

type Said =
  | { readonly kind: 'access'; readonly access: WireAccess }
  | { readonly kind: 'answer'; readonly question: string; readonly access: WireAccess }
  | { readonly kind: 'question'; readonly question: string }
  | { readonly kind: 'signing-out' | 'signed-out' | 'doubt'; readonly personId: string };
type WireSaid = Said & { readonly format: number };

/** A tab that is alive answers within a few milliseconds. */
const ANSWER_WITHIN_MS = 50;

/** Tells the sessions of all tabs of a portal about each other. Tokens cross in memory, within the origin. */
export class TabSiblings implements SessionSiblings {
  private readonly channel: TabChannel;
  private readonly listeners = new Set<SiblingListener>();
  private readonly questions = new Map<string, (access: SharedAccess) => void>();

  /** `portal` tells apart the portals of one origin. */
  constructor(tabs: Pick<Tabs, 'openChannel'>, portal: string) {
    this.channel = tabs.openChannel(`energy-chat/${portal}/session`);
    this.channel.addEventListener('message', ({ data }) => this.received(data));
  }

  giveAccess(access: SharedAccess): void {
    this.say({ kind: 'access', access: packed(access) });
  }

  signingOut(personId: string): void {
    this.say({ kind: 'signing-out', personId });
  }

  signedOut(personId: string): void {
    this.say({ kind: 'signed-out', personId });
  }

  doubt(personId: string): void {
    this.say({ kind: 'doubt', personId });
  }

  async ask(): Promise<SharedAccess | undefined> {
    const question = newRequestId();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const answer = await new Promise<SharedAccess | undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), ANSWER_WITHIN_MS);
      this.questions.set(question, resolve);
      this.say({ kind: 'question', question });
    });
    clearTimeout(timer);
    this.questions.delete(question);
    return answer;
  }

  listen(listener: SiblingListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private received(data: unknown): void {
    if (!isOfOurFormat(data)) return;
    switch (data.kind) {
      case 'access':
        for (const listener of this.listeners) listener.accessGiven(unpacked(data.access));
        return;
      case 'answer':
        this.questions.get(data.question)?.(unpacked(data.access));
        return;
      case 'question':
        for (const listener of this.listeners) {
          const access = listener.asked();
          if (access !== undefined) {
            this.say({ kind: 'answer', question: data.question, access: packed(access) });
          }
        }
        return;
      case 'signing-out':
        for (const listener of this.listeners) listener.signingOut(data.personId);
        return;
      case 'signed-out':
        for (const listener of this.listeners) listener.signedOut(data.personId);
        return;
      case 'doubt':
        for (const listener of this.listeners) listener.doubted(data.personId);
        return;
    }
  }

  private say(said: Said): void {
    const wire: WireSaid = { ...said, format: FORMAT };
    this.channel.postMessage(wire);
  }
}

function packed({ token, lifeMs, me }: SharedAccess): WireAccess {
  return { token, lifeMs, me: toBinary(PersonSchema, me), at: Date.now() };
}

function unpacked({ token, lifeMs, me, at }: WireAccess): SharedAccess {
  return { token, lifeMs: lifeMs - Math.max(0, Date.now() - at), me: fromBinary(PersonSchema, me) };
}

/** Only this code, at this format, posts to this channel, and only from this origin. */
function isOfOurFormat(data: unknown): data is WireSaid {
  return typeof data === 'object' && data !== null && 'format' in data && data.format === FORMAT;
}
