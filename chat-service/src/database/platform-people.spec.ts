import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../config.js';
import { referencePeople } from '../testing/identity-fixture.js';
import { createDemoPlatform } from './embedded/demo-platform.js';
import { embeddedPlatform, PlatformDatabase } from './platform-database.js';
import { type PeopleSettings, PlatformPeople } from './platform-people.js';

let directory: string;
let platform: PlatformDatabase;
const warnings: string[] = [];
const warn = (text: string): void => void warnings.push(text);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'people-'));
  await createDemoPlatform(join(directory, 'platform.sqlite'), 0);
  platform = new PlatformDatabase(embeddedPlatform(join(directory, 'platform.sqlite')), warn);
});
afterAll(async () => {
  await platform.close();
  await rm(directory, { recursive: true });
});

function peopleBy(settings: Partial<PeopleSettings> = {}): PlatformPeople {
  return new PlatformPeople(platform, { ...referencePeople(), ...settings }, warn);
}

describe('people by the default SELECTs', () => {
  it('fit the reference platform', async () => {
    await expect(peopleBy().check()).resolves.toBeUndefined();
  });

  it('are found by login as the platform compares, and by id', async () => {
    const found = await peopleBy().findByLogin('Admin1');
    expect(found).toMatchObject({ id: '1', login: 'admin1', displayName: 'admin1', role: 'admin', active: true });
    expect(found?.passwordHash).toMatch(/^\$2a\$10\$/);
    expect(await peopleBy().findById('3')).toMatchObject({ login: 'admin3', role: 'supervisor' });
    expect(await peopleBy().findByLogin('nobody')).toBeUndefined();
    expect(await peopleBy().findById('99')).toBeUndefined();
  });

  it('carry no name of a system, which has their id beside it then', async () => {
    const isSystemName = (name: string) => name === 'client1';
    const people = new PlatformPeople(platform, referencePeople(), warn, isSystemName);
    expect(await people.findByLogin('client1')).toMatchObject({ login: 'client1', displayName: 'client1 (4)' });
    expect(await people.findByLogin('client2')).toMatchObject({ displayName: 'client2' });
  });

  it('is not misled by a text that is no id', async () => {
    expect(await peopleBy().findById('01')).toBeUndefined();
    expect(await peopleBy().findByLogin("' OR 1 = 1 --")).toBeUndefined();
  });
});

describe("people by an operator's own SELECT", () => {
  it('reaches columns of any case, and binds each ? to the same value', async () => {
    const people = peopleBy({
      PEOPLE_BY_LOGIN: `
        SELECT 'client:' || user_id AS ID, username AS Login, NULL AS display_name, password AS PASSWORD_HASH,
          'USER' AS role, 0 AS active FROM user WHERE username = ? AND role = 0
        UNION ALL
        SELECT 'admin:' || user_id, username, NULL, password, 'ADMIN', 1 FROM user WHERE username = ? AND role = 1;`.replace(
        ';',
        '',
      ),
      ROLE_MAP: new Map([
        ['USER', 'client'],
        ['ADMIN', 'admin'],
      ]),
    });
    await people.check();
    expect(await people.findByLogin('client1')).toMatchObject({ id: 'client:4', role: 'client', active: false });
    expect(await people.findByLogin('ADMIN1')).toMatchObject({ id: 'admin:1', role: 'admin', active: true });
  });

  it('finds nobody where it finds two, or one who has no usable id, and says so', async () => {
    warnings.length = 0;
    const two = peopleBy({
      PEOPLE_BY_LOGIN:
        'SELECT user_id AS id, username AS login, username AS display_name, password AS password_hash, role FROM user WHERE ? <> 1',
    });
    expect(await two.findByLogin('client1')).toBeUndefined();
    const binary = peopleBy({
      PEOPLE_BY_LOGIN:
        'SELECT zeroblob(255) AS id, username AS login, username AS display_name, password AS password_hash, role FROM user WHERE username = ?',
    });
    expect(await binary.findByLogin('client1')).toBeUndefined();
    expect(warnings).toEqual([
      expect.stringMatching(/^PEOPLE_BY_LOGIN found more than one/),
      expect.stringMatching(/^PEOPLE_BY_LOGIN .* id is not/),
    ]);
  });

  it.each<[string, Partial<PeopleSettings>, RegExp]>([
    [
      'a table that is not there',
      { PEOPLE_BY_LOGIN: 'SELECT 1 AS id FROM users WHERE name = ?' },
      /^PEOPLE_BY_LOGIN: .*refuses it \(no such table: users\); write a SELECT for the tables/,
    ],
    [
      'a column that is not there',
      { PEOPLE_BY_ID: 'SELECT id FROM user WHERE user_id = ?' },
      /^PEOPLE_BY_ID: .*\(no such column: id\)/,
    ],
    [
      'a column that it does not return',
      {
        PEOPLE_BY_LOGIN:
          'SELECT user_id AS id, username AS login, username AS display_name, role FROM user WHERE username = ?',
      },
      /^PEOPLE_BY_LOGIN: returns no column named password_hash; .* AS password_hash$/,
    ],
    ['no place for the login', { PEOPLE_BY_LOGIN: 'SELECT * FROM user' }, /^PEOPLE_BY_LOGIN: holds no \?/],
    ['no sense', { PEOPLE_BY_LOGIN: 'SELEKT ?' }, /^PEOPLE_BY_LOGIN: .*syntax error/],
  ])('fails at boot with %s, naming the setting and the cure', async (_what, settings, words) => {
    const failure: unknown = await peopleBy(settings)
      .check()
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ConfigError);
    expect(failure).toMatchObject({ message: expect.stringMatching(words) });
  });
});

describe('the platform database', () => {
  it('is opened read-only', async () => {
    await expect(platform.select('DELETE FROM user WHERE username = ?', 'client1')).rejects.toMatchObject({
      reason: 'PLATFORM_UNAVAILABLE',
      cause: { code: 'SQLITE_READONLY' },
    });
  });

  it('says that it is not available, and answers again once it is', async () => {
    const file = join(directory, 'later.sqlite');
    const later = new PlatformDatabase(embeddedPlatform(file), warn);
    const people = new PlatformPeople(later, referencePeople(), warn);
    warnings.length = 0;
    await expect(people.findByLogin('client1')).rejects.toMatchObject({
      kind: 'unavailable',
      reason: 'PLATFORM_UNAVAILABLE',
    });
    expect(warnings).toHaveLength(1);
    await createDemoPlatform(file, 0);
    await expect(people.findByLogin('client1')).resolves.toMatchObject({ id: '4' });
    await later.close();
  });
});
