import { describe, expect, it } from '@jest/globals';
import type { Role } from '../identity/caller.js';
import { readPersonRow } from './person-row.js';

const roles = new Map<string, Role>([
  ['0', 'client'],
  ['1', 'admin'],
  ['ROLE_ADMIN', 'admin'],
]);
const row = { id: 7n, login: 'client1', display_name: 'Client One', password_hash: '$2a$…', role: 0n };

function read(cells: Record<string, unknown>, supervisors: string[] = []) {
  return readPersonRow({ ...row, ...cells }, roles, new Set(supervisors));
}

describe("a person's row", () => {
  it('is read as it stands', () => {
    expect(read({})).toEqual({
      id: '7',
      login: 'client1',
      displayName: 'Client One',
      passwordHash: '$2a$…',
      role: 'client',
      active: true,
    });
  });

  it.each<[unknown, string]>([
    [9_223_372_036_854_775_807n, '9223372036854775807'],
    ['9223372036854775807', '9223372036854775807'],
    [7, '7'],
    ['client:7', 'client:7'],
    ['3F2504E0-4F89-11D3-9A0C-0305E82C3301', '3F2504E0-4F89-11D3-9A0C-0305E82C3301'],
    [Buffer.from('3f2504e04f8911d39a0c0305e82c3301', 'hex'), '3f2504e04f8911d39a0c0305e82c3301'],
  ])('has its id %p as %j', (id, text) => {
    expect(read({ id }).id).toBe(text);
  });

  it.each([null, '', 'x'.repeat(65), 'with space', 'șapte', 1.5, Buffer.alloc(255), undefined])(
    'cannot have the id %p',
    (id) => {
      expect(() => read({ id })).toThrow(/^id is not 1 to 64 printable ASCII/);
    },
  );

  it.each([null, '', '   ', 'x'.repeat(256)])('cannot have the login %p', (login) => {
    expect(() => read({ login })).toThrow(/^login/);
  });

  it('goes by its login where there is no name, and by the first 255 characters of a longer one', () => {
    expect(read({ display_name: null }).displayName).toBe('client1');
    expect(read({ display_name: '  ' }).displayName).toBe('client1');
    expect(read({ display_name: '😀'.repeat(300) }).displayName).toBe('😀'.repeat(255));
  });

  it.each<[unknown, Role | undefined]>([
    [0n, 'client'],
    [1, 'admin'],
    ['1', 'admin'],
    ['ROLE_ADMIN', 'admin'],
    ['role_admin', undefined],
    ['ROLE_ADMIN ', undefined],
    [2, undefined],
    [null, undefined],
  ])('has for the role %p exactly what ROLE_MAP says: %p', (role, meaning) => {
    expect(read({ role }).role).toBe(meaning);
  });

  it('is raised by SUPERVISORS only from an administrator', () => {
    expect(read({ role: 1 }, ['7']).role).toBe('supervisor');
    expect(read({ role: 0 }, ['7']).role).toBe('client');
    expect(read({ role: 1 }, ['8']).role).toBe('admin');
  });

  it.each<[unknown, boolean]>([
    [undefined, true],
    [1n, true],
    [1, true],
    [true, true],
    ['1', true],
    ['true', true],
    [Buffer.from([1]), true],
    [0n, false],
    [0, false],
    [false, false],
    ['0', false],
    ['FALSE', false],
    [Buffer.from([0]), false],
    [null, false],
  ])('with the active cell %p is active: %p', (active, isActive) => {
    expect(read(active === undefined ? {} : { active }).active).toBe(isActive);
  });
});
