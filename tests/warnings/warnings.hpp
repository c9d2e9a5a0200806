// What the files of this program offer each other.
#pragma once

namespace warnings {

float call_neurons();
float train();
void draw();
void use_files();
void use_toolbox();

}  // namespace warnings
