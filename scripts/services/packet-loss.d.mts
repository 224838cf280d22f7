/** Why packets cannot be dropped here; undefined where they can: by root with iptables, which is Linux. */
export function whyNoPacketLoss(): Promise<string | undefined>;
/**
 * The system loses this part of all packets to and from a port of loopback, until the answer is called or this process is
 * gone, however it ends. Nothing else is touched.
 * @param part over 0; 1: every packet, as with a cut cable
 */
export function losePackets(port: number, part: number): () => void;
