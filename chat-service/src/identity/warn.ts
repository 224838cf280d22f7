/**
 * Tells the operator of something that needs a hand. `facts` are logged beside the text; neither may hold a password,
 * a hash, a token or the text of a message.
 */
export type Warn = (text: string, facts?: Readonly<Record<string, unknown>>) => void;
