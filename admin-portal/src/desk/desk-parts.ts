import type { Chat, PageWatch } from '@energy-chat/client';
import type { Person } from '@energy-chat/contract/person_pb.js';

/** What the desk of one signed-in administrator works with. */
export abstract class DeskParts {
  abstract readonly me: Person;
  abstract readonly chat: Chat;
  abstract readonly watch: PageWatch;
}
