import { Component, inject } from '@angular/core';
import { LANGUAGES, Languages } from './languages.js';
import { Texts } from './texts.js';

/** Each language is named in itself, so that who does not read the other finds it. */
const NAMES = { en: 'English', ro: 'Română' } as const;

@Component({
  selector: 'chat-language-switch',
  template: `
    <div role="group" [attr.aria-label]="texts.say('language.label')">
      @for (language of languages; track language) {
        <button
          type="button"
          [attr.lang]="language"
          [attr.aria-pressed]="chosen.current() === language"
          [attr.aria-label]="language.toUpperCase() + ', ' + names[language]"
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
  protected readonly names = NAMES;
}
