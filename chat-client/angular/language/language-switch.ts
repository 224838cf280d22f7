import { Component, inject } from '@angular/core';
import { LANGUAGES, Languages } from './languages.js';
import type { Language } from './languages.js';
import { Texts } from './texts.js';

@Component({
  selector: 'chat-language-switch',
  template: `
    <div role="group" [attr.aria-label]="texts.say('language.label')">
      @for (language of languages; track language) {
        <button
          type="button"
          [attr.lang]="language"
          [attr.aria-pressed]="chosen.current() === language"
          [attr.aria-label]="language.toUpperCase() + ', ' + nameOf(language)"
          (click)="chosen.use(language)"
        >
          {{ language.toUpperCase() }}
        </button>
      }
    </div>
  `,
  styleUrls: ['../controls.css', './language-switch.css'],
})
export class LanguageSwitch {
  protected readonly texts = inject(Texts);
  protected readonly chosen = inject(Languages);
  protected readonly languages = LANGUAGES;

  /** In itself, so that who does not read the current one finds it. */
  protected nameOf(language: Language): string {
    const name = new Intl.DisplayNames(language, { type: 'language' }).of(language) ?? language;
    return name.charAt(0).toLocaleUpperCase(language) + name.slice(1);
  }
}
