import { create } from '@bufbuild/protobuf';
import { Role as RoleMessage, type Person as PersonMessage, PersonSchema } from '@energy-chat/contract/person_pb.js';
import type { Person, Role } from './caller.js';

const roles: Readonly<Record<Role, RoleMessage>> = {
  client: RoleMessage.CLIENT,
  admin: RoleMessage.ADMIN,
  supervisor: RoleMessage.SUPERVISOR,
};

/** `language` is for the person's own eyes: undefined in what others receive, and for who never chose. */
export function personMessage({ id, login, displayName, role }: Person, language: string | undefined): PersonMessage {
  return create(PersonSchema, { id, login, displayName, role: roles[role], language: language ?? '' });
}
