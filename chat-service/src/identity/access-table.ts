import type { Role } from './caller.js';

/**
 * What somebody must have to do with a request: nothing more than a session, the conversations that it names being
 * their own, or nothing at all with it being enough (`any`) or not (`never`).
 */
export type Relation = 'signed-in' | 'own' | 'any' | 'never';

/** `anyone` needs no access token; `service` needs the key of a service account, which is good for nothing else. */
export type Access = 'anyone' | 'service' | Readonly<Record<Role, Relation>>;

const everybody: Access = { client: 'signed-in', admin: 'signed-in', supervisor: 'signed-in' };
const clients: Access = { client: 'signed-in', admin: 'never', supervisor: 'never' };
const administrators: Access = { client: 'never', admin: 'signed-in', supervisor: 'signed-in' };
const ownConversations: Access = { client: 'own', admin: 'never', supervisor: 'never' };
const conversations: Access = { client: 'own', admin: 'any', supervisor: 'any' };
const support: Access = { client: 'never', admin: 'any', supervisor: 'any' };

/** Who may call what: the only such list. A method that is not here is refused to everybody. */
export const accessTable: ReadonlyMap<string, Access> = new Map<string, Access>([
  ['energy.chat.v1.AuthService/SignIn', 'anyone'],
  ['energy.chat.v1.AuthService/Refresh', 'anyone'],
  ['energy.chat.v1.AuthService/SignOut', everybody],
  ['energy.chat.v1.AuthService/GetMe', everybody],
  ['energy.chat.v1.AuthService/SetLanguage', everybody],
  ['energy.chat.v1.AuthService/ListSessions', everybody],
  ['energy.chat.v1.AuthService/EndSession', everybody],

  ['energy.chat.v1.ConversationService/GetMyConversation', clients],
  ['energy.chat.v1.ConversationService/GetConversation', conversations],
  ['energy.chat.v1.ConversationService/ListEntries', conversations],
  ['energy.chat.v1.ConversationService/SendMessage', conversations],
  ['energy.chat.v1.ConversationService/EditMessage', conversations],
  ['energy.chat.v1.ConversationService/RemoveMessage', conversations],
  ['energy.chat.v1.ConversationService/MarkProgress', conversations],
  ['energy.chat.v1.ConversationService/SetTyping', conversations],
  ['energy.chat.v1.ConversationService/RateCase', ownConversations],
  ['energy.chat.v1.ConversationService/Watch', conversations],

  ['energy.chat.v1.InboxService/ListConversations', support],
  ['energy.chat.v1.InboxService/GetCounts', support],
  ['energy.chat.v1.InboxService/OpenCase', support],
  ['energy.chat.v1.InboxService/ClaimCase', support],
  ['energy.chat.v1.InboxService/TransferCase', support],
  ['energy.chat.v1.InboxService/ReleaseCase', support],
  ['energy.chat.v1.InboxService/CloseCase', support],
  ['energy.chat.v1.InboxService/SetAvailability', administrators],

  ['energy.chat.v1.SystemMessageService/Publish', 'service'],
  ['energy.chat.v1.SystemMessageService/GetNotice', 'service'],
  // The first chat's contract: each of them is about the caller's own conversation, or about support's.
  ['ChatService/join', everybody],
  ['ChatService/sendMsg', everybody],
  ['ChatService/receiveMsg', everybody],
  ['ChatService/getAllUsers', everybody],

  ['grpc.health.v1.Health/Check', 'anyone'],
  ['grpc.health.v1.Health/List', 'anyone'],
  ['grpc.health.v1.Health/Watch', 'anyone'],
  ['grpc.reflection.v1.ServerReflection/ServerReflectionInfo', 'anyone'],
  ['grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo', 'anyone'],
]);
