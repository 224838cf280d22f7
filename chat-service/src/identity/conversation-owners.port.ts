/**
 * Whose a conversation is. An owner never changes, so answers may be kept; nobody's (undefined) may be somebody's
 * later. Only ids of 1 to 64 printable ASCII characters are asked for.
 */
export abstract class ConversationOwners {
  /** The client's id, or undefined when there is no such conversation. */
  abstract ownerOf(conversationId: string): Promise<string | undefined>;
}
