import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { describeSecurity } from 'nest-latchkey/openapi';

/** Called in main.ts, before `listen()`. */
export function setUpDocumentation(app: INestApplication): void {
  const config = new DocumentBuilder().setTitle('Notes').build();
  SwaggerModule.setup('docs', app, () => describeSecurity(app, SwaggerModule.createDocument(app, config)));
}
