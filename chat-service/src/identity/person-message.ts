import { create } from '@bufbuild/protobuf';
import { Role as RoleMessage, type Person as PersonMessage, PersonSchema } from '@energy-chat/contract/person_pb.js';
import type { Person, Role } from './caller.js';

const roles: Readonly<Record<Role, RoleMessage>> = {
  client: RoleMessage.CLIENT,
  admin: RoleMessage.ADMIN,
  supervisor: RoleMessage.SUPERVISOR,
};

export function personMessage({ id, login, displayName, role }: Person): PersonMessage {
  return create(PersonSchema, { id, login, displayName, role: roles[role] });
}
