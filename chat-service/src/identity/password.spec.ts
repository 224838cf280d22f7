import { describe, expect, it } from '@jest/globals';
import { hash } from '@node-rs/bcrypt';
import { Passwords } from './password.js';

describe('Passwords', () => {
  const warnings: unknown[] = [];
  const passwords = new Passwords((text, facts) => warnings.push({ text, ...facts }));

  it.each(['2a', '2b', '2y'] as const)('takes a bare $%s$ hash', async (version) => {
    const stored = await hash('correct horse', { cost: 4, version });
    expect(stored).toMatch(`$${version}$`);
    expect(await passwords.matches('correct horse', stored)).toBe(true);
    expect(await passwords.matches('correct horsf', stored)).toBe(false);
  });

  it("takes the known answers of Spring's reference for bcrypt, with and without its prefix", async () => {
    const stored = '$2a$10$dXJ3SW6G7P50lGmMkkmwe.20cQQubK3.HZWzG3YB1tlRy.fqvM/BG';
    expect(await passwords.matches('password', `{bcrypt}${stored}`)).toBe(true);
    expect(await passwords.matches('password', stored)).toBe(true);
    expect(await passwords.matches('Password', `{bcrypt}${stored}`)).toBe(false);
  });

  it('compares the first 72 bytes, as Spring does', async () => {
    const stored = await hash('ț'.repeat(36), { cost: 4 });
    expect(await passwords.matches(`${'ț'.repeat(36)} and more`, stored)).toBe(true);
    expect(await passwords.matches('ț'.repeat(35), stored)).toBe(false);
  });

  it.each([
    ['{noop}password', 'noop'],
    ['{sha256}97cf0e0a4c1e', 'sha256'],
    ['{BCRYPT}$2a$10$dXJ3SW6G7P50lGmMkkmwe.20cQQubK3.HZWzG3YB1tlRy.fqvM/BG', 'BCRYPT'],
    ['password', 'not BCrypt'],
    ['', 'not BCrypt'],
    ['{bcrypt}password', 'not BCrypt'],
  ])('refuses %j and names only its encoding', async (stored, encoding) => {
    warnings.length = 0;
    expect(await passwords.matches('password', stored)).toBe(false);
    expect(warnings).toEqual([{ text: expect.stringMatching(/encoding/), encoding }]);
  });

  it.each([undefined, '{noop}wrong', '$2a$10$broken'])('does the work of one check for %j too', async (stored) => {
    const checked: string[] = [];
    const counted = new Passwords(
      () => undefined,
      2_000,
      (_password, encoded) => {
        checked.push(encoded);
        return Promise.resolve(true);
      },
    );
    expect(await counted.matches('wrong', stored)).toBe(false);
    expect(checked).toEqual([expect.stringMatching(/^\$2b\$10\$.{53}$/)]);
  });

  it('throttles a check whose turn does not come, and serves the others', async () => {
    const slow = await hash('secret', { cost: 11 });
    const impatient = new Passwords(() => undefined, 1);
    const first = impatient.matches('secret', slow);
    const second = impatient.matches('secret', slow);
    await expect(impatient.matches('secret', slow)).rejects.toMatchObject({
      kind: 'resource-exhausted',
      reason: 'THROTTLED',
      retryAfterMs: 2_000,
    });
    expect(await Promise.all([first, second])).toEqual([true, true]);
    expect(await impatient.matches('secret', slow)).toBe(true);
  });

  it('serves those who wait in order of arrival', async () => {
    const started: string[] = [];
    const inTurn = new Passwords(
      () => undefined,
      2_000,
      (password) => {
        started.push(password);
        return Promise.resolve(true);
      },
    );
    const stored = await hash('secret', { cost: 4 });
    const arrivals = ['a', 'b', 'c', 'd', 'e', 'f'];
    await Promise.all(arrivals.map((password) => inTurn.matches(password, stored)));
    expect(started).toEqual(arrivals);
  });
});
