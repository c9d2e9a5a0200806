// The products of layers, which most tests use, compiled once for a program: in products.cpp.
#pragma once

#include <spiketape/kernels/active_columns.hpp>
#include <spiketape/kernels/event_products.hpp>
#include <spiketape/kernels/product.hpp>

/// `linkage` is extern, or nothing where they are compiled.
#define SPIKETAPE_PRODUCTS(linkage, Scalar)                                                                \
  namespace spiketape::inline SPIKETAPE_ABI::detail {                                                      \
  SPIKETAPE_DENSE_PRODUCT(linkage, Scalar, as_is, as_is)                                                   \
  SPIKETAPE_DENSE_PRODUCT(linkage, Scalar, as_is, transposed)                                              \
  SPIKETAPE_DENSE_PRODUCT(linkage, Scalar, transposed, as_is)                                              \
  linkage template void row_times_weight(const Scalar*, Index, const Scalar*, Index, const Scalar*, Index, \
                                         Scalar*);                                                         \
  linkage template void events_times_weight(Events<Scalar>, Index, Index, const Scalar*, Index,            \
                                            const Scalar*, Index, Scalar*, Index);                         \
  linkage template void scatter_weight_gradient(const Events<Scalar>&, Index, const Scalar*, Index, Index, \
                                                Scalar*, Index);                                           \
  linkage template void gather_weight_gradient(const Events<Scalar>&, Index, const Scalar*, Index, Index,  \
                                               Scalar*, Index, bool);                                      \
  linkage template void few_outputs_times_weight(Index, Index, const Scalar*, Index, const Scalar*, Index, \
                                                 Scalar*, Index, bool);                                    \
  linkage template void active_columns_times_weight(const ActiveColumns<Scalar>&, const Scalar*, Index,    \
                                                    const Scalar*, const SequenceView<Scalar>&);           \
  linkage template void active_columns_weight_gradient(const ActiveColumns<Scalar>&,                       \
                                                       const SequenceView<const Scalar>&, Scalar*, Index); \
  }

#define SPIKETAPE_DENSE_PRODUCT(linkage, Scalar, a, b)                                                            \
  linkage template void add_product<Order::a, Order::b>(Index, Index, Index, Operand<Scalar>, Operand<Scalar>, \
                                                        Scalar*, Index, Workspace<Scalar>*, int);

SPIKETAPE_PRODUCTS(extern, float)
SPIKETAPE_PRODUCTS(extern, double)
