import { Audience } from '@energy-chat/contract/auth_pb.js';
import { Chat } from '../chat.js';
import { Outgoing } from '../outgoing/outgoing.js';
import { Session, type SessionOptions } from '../session.js';
import { Watch, type WatchOptions } from '../watch.js';
import type { MemoryService } from './memory-service.js';

export interface SignedIn {
  readonly session: Session;
  readonly chat: Chat;
  readonly watch: Watch;
  readonly outgoing: Outgoing;
}

/** A person with everything a portal has. */
export async function signedIn(
  service: MemoryService,
  login = 'ana',
  options: { session?: SessionOptions; watch?: WatchOptions } = {},
): Promise<SignedIn> {
  const transport = service.transport();
  const session = new Session(transport, options.session);
  await session.signIn(login, 'right', Audience.UNSPECIFIED);
  const chat = new Chat(transport, session);
  const outgoing = new Outgoing(chat, session, { portal: 'client' });
  outgoing.start();
  return { session, chat, watch: new Watch(transport, session, options.watch), outgoing };
}
