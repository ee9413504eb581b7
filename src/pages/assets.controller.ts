import { readFileSync } from 'node:fs';
import { Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Public } from 'nest-latchkey';

const read = (name: string): string => readFileSync(new URL(`./assets/${name}`, import.meta.url), 'utf8');

/** What the pages load: nothing of it is anybody's own. */
@ApiExcludeController()
@Public()
@Controller('assets')
export class AssetsController {
  private readonly style = read('page.css');
  private readonly sessionScript = read('session.js');
  private readonly iconImage = read('icon.svg');

  @Get('page.css')
  @Header('Content-Type', 'text/css; charset=utf-8')
  @Header('Cache-Control', 'no-cache')
  css(): string {
    return this.style;
  }

  @Get('session.js')
  @Header('Content-Type', 'text/javascript; charset=utf-8')
  @Header('Cache-Control', 'no-cache')
  script(): string {
    return this.sessionScript;
  }

  @Get('icon.svg')
  @Header('Content-Type', 'image/svg+xml; charset=utf-8')
  @Header('Cache-Control', 'no-cache')
  icon(): string {
    return this.iconImage;
  }
}
