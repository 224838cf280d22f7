/** In the order in which the list of shortcuts shows them. */
export const SHORTCUTS = [
  { name: 'claim', key: 'c' },
  { name: 'reply', key: 'r' },
  { name: 'close', key: 'e' },
  { name: 'list', key: 'l' },
  { name: 'previous', key: '[' },
  { name: 'next', key: ']' },
  { name: 'help', key: '?' },
] as const;

export type Shortcut = (typeof SHORTCUTS)[number]['name'];

/** Keys here are somebody's text, or choose within a control. */
const FIELDS =
  'input, textarea, select, [contenteditable]:not([contenteditable="false"]), [role="menu"], [role="dialog"], dialog';

/**
 * What a key press asks for, or undefined: while somebody types in a field, within a dialog or a menu, with a modifier,
 * on auto-repeat, and for a press that somebody has handled.
 */
export function shortcutOf(press: KeyboardEvent): Shortcut | undefined {
  if (press.defaultPrevented || press.repeat || press.isComposing) return undefined;
  if (press.ctrlKey || press.metaKey || press.altKey) return undefined;
  const { target } = press;
  if (target instanceof Element && target.closest(FIELDS) !== null) return undefined;
  return SHORTCUTS.find(({ key }) => key === press.key.toLowerCase())?.name;
}
