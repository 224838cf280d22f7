import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import type { DataSourceOptions } from 'typeorm';
import { Clock } from '../database/clock.js';
import { DEMO_SUPERVISORS } from '../database/embedded/demo-data.js';
import { createDemoPlatform } from '../database/embedded/demo-platform.js';
import { openEmbeddedDatabase } from '../database/embedded/embedded-database.js';
import { embeddedPlatform, PlatformDatabase } from '../database/platform-database.js';
import { type PeopleSettings, PlatformPeople } from '../database/platform-people.js';
import { SqlLanguages } from '../database/sql-languages.js';
import { SqlSessions } from '../database/sessions.js';
import { readConfig } from '../config.js';
import { AccessTokens } from '../identity/access-token.js';
import { EndedSessions } from '../identity/ended-sessions.js';
import { EndSession } from '../identity/end-session.js';
import { ListSessions } from '../identity/list-sessions.js';
import { Passwords } from '../identity/password.js';
import { Refresh } from '../identity/refresh.js';
import { RefreshTokens } from '../identity/refresh-token.js';
import { RefusalStep } from '../identity/refusal-step.js';
import type { Person } from '../identity/caller.js';
import { SignIn } from '../identity/sign-in.js';
import { SignOut } from '../identity/sign-out.js';
import { loadSigningKeys } from '../identity/signing-keys.js';
import { VerifyAccess } from '../identity/verify-access.js';

/** The settings of people's SELECTs for the reference platform with the demo's supervisor. */
export function referencePeople(): PeopleSettings {
  return readConfig({ ROLE_MAP: '0=client,1=admin', SUPERVISORS: DEMO_SUPERVISORS });
}

/**
 * Identity of one replica, all real but the waiting: on the demo platform, or another, and a chat database in a file of
 * its own.
 */
export async function openIdentity(otherPlatform?: DataSourceOptions) {
  const directory = await mkdtemp(join(tmpdir(), 'identity-'));
  const platformFile = join(directory, 'platform.sqlite');
  await createDemoPlatform(platformFile, 0);
  const warnings: { text: string; [fact: string]: unknown }[] = [];
  const warn = (text: string, facts?: Readonly<Record<string, unknown>>): void => {
    warnings.push({ text, ...facts });
  };
  const platform = new PlatformDatabase(otherPlatform ?? embeddedPlatform(platformFile), warn);
  const database = await openEmbeddedDatabase(directory);
  const clock = new Clock();
  const people = new PlatformPeople(platform, referencePeople(), warn);
  const sessions = new SqlSessions(database, clock);
  const languages = new SqlLanguages(database, clock);
  const accessTokens = new AccessTokens(await loadSigningKeys(undefined, directory), 480);
  const refreshTokens = new RefreshTokens(randomBytes(32));
  const ended = new EndedSessions(sessions, 480, warn);
  const seenPeople: Person[] = [];
  /** How long refused sign-ins were held back, in milliseconds; nobody really waits. */
  const heldBack: number[] = [];
  const refusals = new RefusalStep(
    () => performance.now(),
    (milliseconds) => Promise.resolve(heldBack.push(milliseconds)),
  );
  const signIn = new SignIn(people, new Passwords(warn), sessions, accessTokens, refreshTokens, refusals, (person) => {
    seenPeople.push(person);
    return Promise.resolve();
  });
  return {
    platformFile,
    platform,
    database,
    clock,
    people,
    sessions,
    languages,
    accessTokens,
    refreshTokens,
    ended,
    seenPeople,
    heldBack,
    warnings,
    signIn,
    refresh: new Refresh(people, sessions, accessTokens, refreshTokens, ended),
    listSessions: new ListSessions(sessions),
    endSession: new EndSession(sessions, ended),
    signOut: new SignOut(sessions, ended),
    /** As another replica would have it: it shares the database and the keys, and remembers nothing. */
    verifyAccess: () => new VerifyAccess(accessTokens, sessions, new EndedSessions(sessions, 480, warn)),
    close: async () => {
      await platform.close();
      await database.close();
      await rm(directory, { recursive: true });
    },
  };
}

export type IdentityFixture = Awaited<ReturnType<typeof openIdentity>>;
