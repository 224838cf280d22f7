import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { ConfigError } from '../config.js';
import { DEMO_PASSWORD } from './embedded/demo-data.js';
import { eventually } from '../testing/eventually.js';
import { type IdentityFixture, openIdentity, referencePeople } from '../testing/identity-fixture.js';
import { createPlatformFixture, type PlatformFixture } from '../testing/platform-fixture.js';
import { TcpProxy } from '../testing/tcp-proxy.js';
import { testServer } from '../testing/test-server.js';
import { mysqlPlatform, PlatformDatabase } from './platform-database.js';
import { type PeopleSettings, PlatformPeople } from './platform-people.js';

let fixture: PlatformFixture;
let platform: PlatformDatabase;
const warnings: string[] = [];
const warn = (text: string): void => void warnings.push(text);

beforeAll(async () => {
  fixture = await createPlatformFixture(testServer('TEST_MYSQL_URL'));
  platform = new PlatformDatabase(mysqlPlatform(fixture.url), warn);
});
afterAll(async () => {
  await platform.close();
  await fixture.close();
});

function peopleBy(settings: Partial<PeopleSettings> = {}): PlatformPeople {
  return new PlatformPeople(platform, { ...referencePeople(), ...settings }, warn);
}

function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'it did not fail',
    (error: unknown) => error,
  );
}

describe("the platform's account", () => {
  it.each([
    ['INSERT', "INSERT INTO user (username, password, role) VALUES ('intruder', 'x', 1)"],
    ['UPDATE', "UPDATE user SET role = 1 WHERE username = 'client1'"],
    ['DELETE', 'DELETE FROM consumption'],
    ['REPLACE', "REPLACE INTO user (user_id, username, password, role) VALUES (4, 'x', 'x', 1)"],
    ['CREATE', 'CREATE TABLE note (id INT)'],
    ['CREATE VIEW', 'CREATE VIEW everybody AS SELECT * FROM user'],
    ['ALTER', 'ALTER TABLE user ADD COLUMN note INT'],
    ['DROP', 'DROP TABLE consumption'],
    ['TRUNCATE', 'TRUNCATE consumption'],
  ])('may not %s, even outside our read-only connections', async (_what, sql) => {
    const account = await new DataSource({ type: 'mysql', url: fixture.url }).initialize();
    const before = await fixture.run('CHECKSUM TABLE user, consumption');
    const failure = await failureOf(account.query(sql));
    await account.destroy();
    expect(failure).toMatchObject({ code: expect.stringMatching(/^ER_(TABLE|DB)?ACCESS_DENIED_ERROR$/) });
    expect(await fixture.run('CHECKSUM TABLE user, consumption')).toEqual(before);
  });

  it('is connected read-only besides, so that one with too many rights changes nothing either', async () => {
    const owner = new URL(testServer('TEST_MYSQL_URL'));
    owner.pathname = new URL(fixture.url).pathname;
    const generous = new PlatformDatabase(mysqlPlatform(owner.href), warn);
    const failure = await failureOf(generous.select('UPDATE user SET role = 1 WHERE username = ?', 'client1'));
    await generous.close();
    expect(failure).toMatchObject({ cause: { code: 'ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION' } });
  });
});

describe('people of a platform on MySQL', () => {
  it('fit the default SELECTs', async () => {
    await expect(peopleBy().check()).resolves.toBeUndefined();
  });

  it('are found as the collation compares, with the identity that the database returns', async () => {
    expect(await peopleBy().findByLogin('Admin1')).toMatchObject({ id: '1', login: 'admin1', role: 'admin' });
    expect(await peopleBy().findByLogin('ádmin1')).toMatchObject({ id: '1', login: 'admin1' });
    expect(await peopleBy().findById('3')).toMatchObject({ login: 'admin3', role: 'supervisor' });
  });

  it('are found by exactly their id, though MySQL takes 4x for 4', async () => {
    expect(await peopleBy().findById('4')).toMatchObject({ login: 'client1' });
    expect(await peopleBy().findById('4x')).toBeUndefined();
    expect(await peopleBy().findById('4.0')).toBeUndefined();
  });

  it('keep the digits of a large id, and a binary one as hex', async () => {
    await fixture.run(
      "INSERT INTO user (user_id, username, password, role) VALUES (9223372036854775807, 'largest', 'x', 0)",
    );
    expect((await peopleBy().findByLogin('largest'))?.id).toBe('9223372036854775807');
    expect(await peopleBy().findById('9223372036854775807')).toMatchObject({ login: 'largest' });
    const binary = peopleBy({
      PEOPLE_BY_LOGIN: `SELECT UNHEX('3F2504E04F8911D39A0C0305E82C3301') AS id, username AS login, NULL AS display_name,
        password AS password_hash, 'word' AS role, b'0' AS active FROM user WHERE username = ?`,
      ROLE_MAP: new Map([['word', 'client']]),
    });
    expect(await binary.findByLogin('client1')).toMatchObject({
      id: '3f2504e04f8911d39a0c0305e82c3301',
      displayName: 'client1',
      role: 'client',
      active: false,
    });
  });

  it.each<[string, Partial<PeopleSettings>, RegExp]>([
    ['a missing table', { PEOPLE_BY_LOGIN: 'SELECT id FROM users WHERE name = ?' }, /^PEOPLE_BY_LOGIN: .*users/],
    ['a missing column', { PEOPLE_BY_ID: 'SELECT nick FROM user WHERE user_id = ?' }, /^PEOPLE_BY_ID: .*nick/],
    [
      'a column that is not returned',
      { PEOPLE_BY_ID: 'SELECT user_id AS id, username AS login FROM user WHERE user_id = ?' },
      /^PEOPLE_BY_ID: returns no column named display_name; .* AS display_name$/,
    ],
    [
      'a table that the account may not read',
      { PEOPLE_BY_LOGIN: 'SELECT user AS id FROM mysql.user WHERE user = ?' },
      /^PEOPLE_BY_LOGIN: .*denied/,
    ],
  ])('fail at boot with %s, naming the setting', async (_what, settings, words) => {
    const failure = await failureOf(peopleBy(settings).check());
    expect(failure).toBeInstanceOf(ConfigError);
    expect(failure).toMatchObject({ message: expect.stringMatching(words) });
  });

  it('fail at boot with a wrong password, naming PLATFORM_DATABASE_URL and not the password', async () => {
    const url = new URL(fixture.url);
    url.password = 'hunter2';
    const locked = new PlatformDatabase(mysqlPlatform(url.href), warn);
    const failure = await failureOf(new PlatformPeople(locked, referencePeople(), warn).check());
    expect(failure).toBeInstanceOf(ConfigError);
    expect(failure).toMatchObject({ message: expect.stringMatching(/^PLATFORM_DATABASE_URL: (?!.*hunter2)/) });
  });
});

describe('sign-in over a platform on MySQL', () => {
  let identity: IdentityFixture;
  let proxy: TcpProxy;
  beforeAll(async () => {
    proxy = await TcpProxy.before(fixture.url);
    identity = await openIdentity(mysqlPlatform(proxy.url(fixture.url), 300));
  });
  afterAll(async () => {
    await identity.close();
    await proxy.refuse();
  });

  const signIn = (login: string, audience: 'client' | 'admin') =>
    identity.signIn.run({ login, password: DEMO_PASSWORD, audience, userAgent: '' });

  it('works with an account that can only read', async () => {
    expect((await signIn('Admin1', 'admin')).person).toEqual({
      id: '1',
      login: 'admin1',
      displayName: 'admin1',
      role: 'admin',
    });
    expect((await signIn('client8', 'client')).person).toMatchObject({ id: '11', role: 'client' });
  });

  it('says that it is not available while the platform is away, and works again once it is back', async () => {
    const { refreshToken } = await signIn('client1', 'client');
    const unavailable = { kind: 'unavailable', reason: 'PLATFORM_UNAVAILABLE' };
    await proxy.refuse();
    await expect(signIn('client1', 'client')).rejects.toMatchObject(unavailable);
    await expect(identity.refresh.run(refreshToken, undefined)).rejects.toMatchObject(unavailable);
    await proxy.restore();
    await expect(signIn('client1', 'client')).resolves.toMatchObject({ person: { id: '4' } });
    await expect(identity.refresh.run(refreshToken, undefined)).resolves.toMatchObject({ person: { id: '4' } });
  });

  it('does not wait for a platform that hangs, nor keep its connections afterwards', async () => {
    const find = () => identity.people.findByLogin('client1');
    await Promise.all(Array.from({ length: 20 }, find));
    expect(proxy.connections).toBeGreaterThan(1);
    proxy.pause();
    const tries = Array.from({ length: 20 }, () => failureOf(find()));
    for (const failure of await Promise.all(tries)) expect(failure).toMatchObject({ reason: 'PLATFORM_UNAVAILABLE' });
    proxy.resume();
    await expect(signIn('client1', 'client')).resolves.toMatchObject({ person: { id: '4' } });
    await eventually('only the new connection stands', () => proxy.connections === 1, 5_000);
  });

  it('waits no longer than it may for a free connection', async () => {
    const patient = new PlatformDatabase(mysqlPlatform(proxy.url(fixture.url), 600_000), warn, 50);
    const find = () => new PlatformPeople(patient, referencePeople(), warn).findByLogin('client1');
    await eventually('it is connected', () => find().catch(() => false));
    proxy.pause();
    const failures = await Promise.all(Array.from({ length: 20 }, () => failureOf(find())));
    proxy.resume();
    for (const failure of failures) expect(failure).toMatchObject({ reason: 'PLATFORM_UNAVAILABLE' });
    await patient.close();
  });
});
