import type { Audience, Role } from './caller.js';
import { isAdmin } from './caller.js';

/** The client portal is for clients alone, the admin portal for administrators and supervisors. */
export function admits(audience: Audience, role: Role): boolean {
  return isAdmin({ role }) === (audience === 'admin');
}
