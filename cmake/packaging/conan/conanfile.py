from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.files import copy, get
from conan.tools.layout import basic_layout


class Spiketape(ConanFile):
    name = "spiketape"
    description = "Spiking neural networks in C++20: simulate, train with surrogate gradients, deploy"
    license = "MIT"
    topics = ("spiking-neural-networks", "machine-learning", "header-only")
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"with_zlib": [True, False], "with_hdf5": [True, False]}
    default_options = {"with_zlib": False, "with_hdf5": False}
    no_copy_source = True

    def layout(self):
        basic_layout(self, src_folder="src")

    def requirements(self):
        self.requires("eigen/3.4.0", transitive_headers=True)
        if self.options.with_zlib:  # data/gzip.hpp and io/npz.hpp
            self.requires("zlib/[>=1.2.11 <2]", transitive_headers=True, transitive_libs=True)
        if self.options.with_hdf5:  # io/nir.hpp
            self.requires("hdf5/[>=1.10 <2]", transitive_headers=True, transitive_libs=True)

    def validate(self):
        check_min_cppstd(self, 20)

    def source(self):
        get(self, **self.conan_data["sources"][self.version], strip_root=True)

    def package(self):
        copy(self, "LICENSE", self.source_folder, self.package_folder + "/licenses")
        copy(self, "*.hpp", self.source_folder + "/include", self.package_folder + "/include")

    def package_id(self):
        self.info.clear()

    def package_info(self):
        self.cpp_info.bindirs = []
        self.cpp_info.libdirs = []
