import { Audience } from '@energy-chat/contract/auth_pb.js';
import type { PlatformFixture } from '../../chat-service/src/testing/platform-fixture.js';
import type { Identity } from '../support/person.js';

/** Beyond the ids of the demo's people. */
const FIRST_CLIENT = 1_000;
const FIRST_ADMIN = 2_000;

/** So many clients and administrators on the platform, with the demo's password. */
export async function makePeople(
  platform: PlatformFixture,
  clients: number,
  admins: number,
): Promise<{ clients: Identity[]; admins: Identity[] }> {
  const make = (count: number, name: string, firstId: number, audience: Audience): Identity[] =>
    Array.from({ length: count }, (_, index) => ({
      id: String(firstId + index),
      login: `chaos-${name}${index + 1}`,
      audience,
    }));
  const people = {
    clients: make(clients, 'client', FIRST_CLIENT, Audience.CLIENT),
    admins: make(admins, 'admin', FIRST_ADMIN, Audience.ADMIN),
  };
  for (const { id, login, audience } of [...people.clients, ...people.admins]) {
    const role = audience === Audience.CLIENT ? 0 : 1;
    await platform.run(
      'INSERT INTO user (user_id, username, password, role) SELECT ?, ?, password, ? FROM user WHERE user_id = 1',
      [id, login, role],
    );
  }
  return people;
}
