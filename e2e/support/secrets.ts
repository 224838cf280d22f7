import { DEMO_PASSWORD } from '../../chat-service/src/database/embedded/demo-data.js';
import type { Person } from './person.js';
import { MARK } from './words.js';

/** What of these people a log gives away, in words: texts, the password, tokens. */
export function secretsIn(log: string, people: readonly Person[]): string[] {
  const tokens = people.flatMap(({ record }) => [...record.accessTokens, ...record.refreshTokens]);
  return [
    ...(log.includes(MARK) ? ['the text of a message'] : []),
    ...(log.includes(DEMO_PASSWORD) ? ['a password'] : []),
    ...(tokens.some((token) => log.includes(token)) ? ['a token'] : []),
  ];
}
