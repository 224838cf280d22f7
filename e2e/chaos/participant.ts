import type { Transport } from '@connectrpc/connect';
import { Chat, failoverTransport, Outgoing, Session, Watch } from '@energy-chat/client';
import { Audience } from '@energy-chat/contract/auth_pb.js';
import { DEMO_PASSWORD } from '../../chat-service/src/database/embedded/demo-data.js';
import { HEARTBEAT_SECONDS } from '../support/deployment.js';
import type { Identity } from '../support/person.js';
import { nativeWay } from '../support/way.js';
import type { Recorder } from './recorder.js';
import { recording } from './recording.js';

/** A replica as participants reach it: through a line that faults cut, delay and silence. */
export interface Place {
  readonly name: string;
  /** host:port */
  readonly address: string;
}

/** As in the portals: two and a half heartbeats. */
export const SILENCE_MS = 2_500 * HEARTBEAT_SECONDS;

/** One person at one device. All that passes between it and the replicas is in the history. */
export class Participant {
  readonly session: Session;
  readonly chat: Chat;
  readonly watch: Watch;
  readonly outgoing: Outgoing;
  /** One way to each replica, for who wants to choose. */
  readonly transports: readonly Transport[];
  private readonly connections: { close(): void }[];

  /** Goes to the first place until that fails, then to the next. */
  constructor(
    readonly who: string,
    readonly identity: Identity,
    places: readonly Place[],
    readonly recorder: Recorder,
  ) {
    const side = identity.audience === Audience.CLIENT ? 'client' : 'support';
    const connections = places.map((place) =>
      nativeWay(place).connect(recording(recorder, { who, person: identity.id, side, replica: place.name })),
    );
    this.connections = connections;
    this.transports = connections.map(({ transport }) => transport);
    const [first, ...others] = this.transports;
    if (first === undefined) throw new Error('A participant needs a place to go to.');
    const transport = failoverTransport(first, ...others);
    this.session = new Session(transport, { tryTimeoutMs: 5_000 });
    this.session.listen({
      stateChanged: (state) => {
        if (state.kind === 'signed-out') recorder.write({ kind: 'signed out', who, reason: state.reason });
      },
    });
    this.chat = new Chat(transport, this.session);
    this.outgoing = new Outgoing(this.chat, this.session, { portal: 'chaos' });
    this.outgoing.start();
    this.watch = new Watch(transport, this.session, { silenceMs: SILENCE_MS, openWithinMs: 5_000 });
    this.watch.listen({
      entry: ({ conversationId: conversation, seq }) => recorder.write({ kind: 'told', who, conversation, seq }),
      reset: ({ conversationId: conversation, afterSeq: seq }) =>
        recorder.write({ kind: 'told', who, conversation, seq, reset: true }),
    });
  }

  async signIn(): Promise<void> {
    const { login, audience } = this.identity;
    await this.session.signIn(login, DEMO_PASSWORD, audience);
  }

  close(): void {
    this.outgoing.stop();
    this.watch.stop();
    this.session.close();
    for (const connection of this.connections) connection.close();
  }
}

/** `items` beginning with the one at `index`: so that participants spread over the replicas. */
export function rotated<T>(items: readonly T[], index: number): T[] {
  const from = index % items.length;
  return [...items.slice(from), ...items.slice(0, from)];
}
