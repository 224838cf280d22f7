/** What `keydown` says during composition where `isComposing` is false already (Safari). https://w3c.github.io/uievents/ */
const COMPOSING_KEY_CODE = 229;

/** Enter, but neither Shift+Enter, which breaks the line, nor the Enter that ends the work of an input method. */
export function isSendKey(event: KeyboardEvent): boolean {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return false;
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- nothing else tells it there
  return event.keyCode !== COMPOSING_KEY_CODE;
}
