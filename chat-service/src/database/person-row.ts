import type { Role } from '../identity/caller.js';
import type { PersonRecord } from '../identity/person-record.js';
import type { PlatformRow } from './platform-database.js';

/** The columns that each of the operator's people SELECTs returns; `active` may stand beside them. */
export const PERSON_COLUMNS = ['id', 'login', 'display_name', 'password_hash', 'role'] as const;

/** A row that cannot be a person: `column` says where, `problem` says why, without the value. */
export class UnusableRow extends Error {
  override readonly name = 'UnusableRow';

  constructor(
    readonly column: string,
    readonly problem: string,
  ) {
    super(`${column} ${problem}`);
  }
}

export function readPersonRow(
  row: PlatformRow,
  roles: ReadonlyMap<string, Role>,
  supervisors: ReadonlySet<string>,
): PersonRecord {
  const id = idOf(row['id']);
  const login = textOf(row['login']) ?? '';
  if (login.trim() === '' || Array.from(login).length > 255)
    throw new UnusableRow('login', 'is not 1 to 255 characters');
  const displayName = Array.from(textOf(row['display_name'])?.trim() || login)
    .slice(0, 255)
    .join('');
  const role = roles.get(roleTextOf(row));
  return {
    id,
    login,
    displayName,
    passwordHash: textOf(row['password_hash']) ?? '',
    role: role === 'admin' && supervisors.has(id) ? 'supervisor' : role,
    active: isActive(row['active']),
  };
}

/** The platform's word or ordinal as ROLE_MAP names it. */
export function roleTextOf(row: PlatformRow): string {
  return textOf(row['role']) ?? 'NULL';
}

function idOf(cell: unknown): string {
  const id = Buffer.isBuffer(cell) ? cell.toString('hex') : textOf(cell);
  if (id === undefined || !/^[!-~]{1,64}$/.test(id)) {
    throw new UnusableRow(
      'id',
      'is not 1 to 64 printable ASCII characters (of a longer binary id take the part that counts)',
    );
  }
  // Ids of the systems that write to clients begin so.
  if (id.startsWith('system:')) throw new UnusableRow('id', 'begins with system:, which is no id of a person');
  return id;
}

/** A cell as text; undefined for NULL and for what holds none. */
export function textOf(cell: unknown): string | undefined {
  if (typeof cell === 'string') return cell;
  if (typeof cell === 'bigint') return cell.toString();
  // INT columns and smaller; anything larger arrives as text.
  if (typeof cell === 'number' && Number.isSafeInteger(cell)) return cell.toString();
  if (Buffer.isBuffer(cell)) return cell.toString('utf8');
  return undefined;
}

/** Without the column everybody is active; with it, whoever's cell does not say so is not. */
function isActive(cell: unknown): boolean {
  if (cell === undefined) return true;
  // A BIT or BINARY column.
  if (Buffer.isBuffer(cell)) return cell.some((byte) => byte !== 0);
  if (typeof cell === 'string') return !['', '0', 'false'].includes(cell.trim().toLowerCase());
  return Boolean(cell);
}
