/* image.h -- the init image's bytes. */
#ifndef RUNTIME_INIT_IMAGE_H
#define RUNTIME_INIT_IMAGE_H

extern const unsigned char init_image[];
extern const unsigned char init_image_end[];

#endif
